/** nginx as a target that answers faster than any worker asks: one process, on 127.0.0.1. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../runner/places/network";

export interface Nginx {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts it: of the PATH, or else taken out of Debian's package into `folder`, as an installed one starts a service. */
export async function startNginx(folder: string): Promise<Nginx> {
  const program = (await ofPath()) ?? (await ofPackage(folder));
  const port = await freePort();
  const own = await mkdtemp(join(tmpdir(), "loadtest-nginx-"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${own}/${name};`,
  );
  const config = `daemon off;
master_process off;
pid ${own}/pid;
events {}
http {
  access_log off;
  keepalive_requests 1000000000;
  ${temporary.join("\n  ")}
  server {
    listen 127.0.0.1:${port};
    location / { return 200 "hello"; }
  }
}
`;
  await writeFile(join(own, "nginx.conf"), config);
  const child = spawn(program, ["-p", own, "-e", "stderr", "-c", join(own, "nginx.conf")], { stdio: "inherit" });
  const ended = once(child, "exit");
  const url = `http://127.0.0.1:${port}`;
  for (let left = 100; !(await answers(url)); left--) {
    if (left === 0 || child.exitCode !== null) throw new Error("nginx does not answer");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    close: async () => {
      child.kill();
      await ended;
      await rm(own, { recursive: true, force: true });
    },
  };
}

async function ofPath(): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    if (await exists(join(folder, "nginx"))) return join(folder, "nginx");
  }
  return undefined;
}

async function ofPackage(folder: string): Promise<string> {
  const program = join(folder, "usr", "sbin", "nginx");
  if (await exists(program)) return program;
  await mkdir(folder, { recursive: true });
  const commands = "apt-get download -qq nginx && dpkg-deb --extract nginx_*.deb .";
  await promisify(execFile)("sh", ["-c", commands], { cwd: folder });
  return program;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}
