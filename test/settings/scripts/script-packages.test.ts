import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { missingPackage } from "../../../settings/scripts/python-modules";
import { missingPackages, otelIsThere, packagesAreThere } from "../../../settings/scripts/script-packages";
import { removeProjects, temporaryFolder } from "../../support/project";
import { root } from "../../support/pulumi-cli";

/** What the script `a.py` lacks, among files given by their paths. */
function lacks(files: Readonly<Record<string, string>>): string[] {
  const read = (path: string) => files[path] ?? "";
  return missingPackages("a.py", { paths: new Set(Object.keys(files)), read }).map(
    ({ name, file, line }) => `${name} ${file} ${line}`,
  );
}

describe("the packages that a script lacks in Locust's own image", () => {
  after(() => removeProjects());

  it("are those of neither Python, nor Locust, nor the folder", () => {
    const source =
      "import os, grpc\nimport requests.adapters\nfrom gevent import pool\nimport lib\nfrom google.protobuf import x\n";
    expect(lacks({ "a.py": source, "lib/x.txt": "" })).to.deep.equal(["grpc a.py 1", "google a.py 5"]);
  });

  it("are also those of the folder's own modules, however they are imported", () => {
    const files = {
      "a.py": "import lib.one\nfrom lib import two\nfrom lib.deep import three as t\nimport other\n",
      "lib/__init__.py": "import zero\n",
      "lib/one.py": "import p1\nfrom . import sibling\n",
      "lib/two.py": "from .sibling import x\nimport a\n",
      "lib/sibling.py": "import p2\n",
      "lib/deep/three.py": "from ..beside import x\nimport p3\n",
      "lib/beside.py": "import p4\n",
      "lib/unused.py": "import p5\n",
      "other.so": "",
    };
    expect(lacks(files)).to.have.members([
      ...["zero lib/__init__.py 1", "p1 lib/one.py 1", "p2 lib/sibling.py 1", "p3 lib/deep/three.py 2"],
      "p4 lib/beside.py 1",
    ]);
  });

  it("are what modules of Locust need for which it brings no package", () => {
    const source = "from locust.contrib.mqtt import MqttUser\nfrom locust.contrib.fasthttp import FastHttpSession\n";
    expect(lacks({ "a.py": source })).to.deep.equal(["paho a.py 1"]);
  });

  it("are not told where a module says itself where modules are found", () => {
    const files = { "a.py": "import lib.paths\nimport grpc\n", "lib/paths.py": "import sys\nsys.path.append('/x')\n" };
    expect(lacks(files)).to.deep.equal([]);
  });

  it("are none for the scripts of this repository", () => {
    const folder = join(root, "locust", "scripts");
    for (const script of readdirSync(folder).filter((name) => name.endsWith(".py"))) {
      const read = (path: string) => readFileSync(join(folder, path), "utf8");
      expect(missingPackages(script, { paths: new Set([script]), read }), script).to.deep.equal([]);
    }
  });

  it("are OpenTelemetry's, where an image is made without them", () => {
    const directory = temporaryFolder();
    mkdirSync(join(directory, "locust"));
    const problems = (requirements: string, change: object = {}) => {
      writeFileSync(join(directory, "locust", "requirements.txt"), requirements);
      const valid = { otelEndpoint: "http://collector:4318", scriptDelivery: "image" as const, ...change };
      return otelIsThere(directory)({ valid, wrong: new Set() }).map(({ key, allowed }) => `${key}: ${allowed}`);
    };
    const [problem, ...others] = problems("locust==2.47.0\n# locust[otel]\n");
    expect(problem).to.match(/^otelEndpoint: left out until locust\/requirements\.txt has locust\[otel\]/);
    expect(others).to.deep.equal([]);
    expect(problems("locust[mqtt,otel]==2.47.0\n")).to.deep.equal([]);
    for (const change of [{ otelEndpoint: undefined }, { image: "own:1" }, { scriptDelivery: "configmap" }])
      expect(problems("locust==2.47.0\n", change)).to.deep.equal([]);
  });

  it("are not OpenTelemetry's where its image is taken", () => {
    const scriptsFolder = temporaryFolder();
    writeFileSync(join(scriptsFolder, "a.py"), "import opentelemetry\nimport pandas\n");
    const lacking = (otelEndpoint?: string) => {
      const valid = { scriptDelivery: "configmap", scriptsFolder, script: "a.py", otelEndpoint } as const;
      return packagesAreThere("/")({ valid, wrong: new Set() }).map(({ allowed }) => allowed);
    };
    expect(lacking()[0]).to.include("lacks opentelemetry (a.py, line 1), pandas (a.py, line 2)");
    expect(lacking("http://collector:4318")[0]).to.include("lacks pandas (a.py, line 2)");
  });

  it("are none of those that come with Locust", () => {
    const pinned = readFileSync(join(root, "locust", "constraints.txt"), "utf8")
      .split("\n")
      .filter((line) => !line.startsWith("#") && !/win32|implementation_name/.test(line))
      // These come with locust[otel] alone.
      .filter((line) => !/^(opentelemetry-|googleapis-|grpcio|protobuf|wrapt)/.test(line))
      .flatMap((line) => /^[\w.-]+(?===)/.exec(line) ?? []);
    const imported: Readonly<Record<string, string>> = {
      ...{ "python-engineio": "engineio", "python-socketio": "socketio", pyzmq: "zmq" },
      ...{ "websocket-client": "websocket", "zope-event": "zope", "zope-interface": "zope" },
    };
    expect(pinned).to.have.length.above(30);
    for (const name of pinned)
      expect(missingPackage(imported[name] ?? name.replaceAll("-", "_")), name).to.equal(undefined);
  });
});
