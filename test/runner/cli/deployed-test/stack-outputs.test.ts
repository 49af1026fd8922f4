import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { readStackOutputs } from "../../../../runner/cli/deployed-test/stack-outputs";
import { RunnerError, UsageError } from "../../../../runner/errors";
import { caught } from "../../places/kubernetes/api/fake-api";
import { output } from "./tests";

const secret = "certificate-authority-data-of-somebody";

describe("the outputs of a stack", () => {
  let folder: string;
  const { PATH } = process.env;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "loadtest-outputs-"));
    process.env.PATH = `${folder}:${PATH}`;
  });
  afterEach(() => {
    process.env.PATH = PATH;
    rmSync(folder, { recursive: true, force: true });
  });

  /** A program `pulumi` that notes its arguments and does this. */
  function pulumi(script: string): void {
    const path = join(folder, "pulumi");
    writeFileSync(path, `#!/bin/sh\necho "$PWD $*" >> ${folder}/asked\n${script}\n`);
    chmodSync(path, 0o755);
  }
  /** One that gives these outputs of the selected stack `shop`. */
  function gives(outputs: unknown): void {
    writeFileSync(join(folder, "out.json"), typeof outputs === "string" ? outputs : JSON.stringify(outputs));
    pulumi(`case "$*" in *--show-name*) echo shop;; *) cat ${folder}/out.json;; esac`);
  }
  /** One that fails in this way. */
  function fails(stderr: string, code = 255): void {
    writeFileSync(join(folder, "err"), stderr);
    pulumi(`cat ${folder}/err >&2; echo '{"kubeconfig":"${secret}"}'; exit ${code}`);
  }
  const asked = () => readFileSync(join(folder, "asked"), "utf8").trim().split("\n");
  const read = (stack?: string, limit?: number) => readStackOutputs(folder, stack, limit);
  async function failure(stack?: string, limit?: number): Promise<Error> {
    const error = await caught(read(stack, limit));
    expect(`${error.stack} ${JSON.stringify(error.cause)} ${String(error.cause)}`).to.not.include(secret);
    expect(error.message).to.match(/^[^\n]+$/);
    return error;
  }

  it("are read, with the stack's name and its kubeconfig, in the project's folder", async () => {
    gives({ loadtest: output(), kubeconfig: '{"kind":"Config"}', other: 1 });
    expect(await read()).to.deep.equal({ stack: "shop", loadtest: output(), kubeconfig: '{"kind":"Config"}' });
    // Both at once.
    expect(asked()).to.have.members([
      `${folder} stack --show-name --non-interactive`,
      `${folder} stack output --json --show-secrets --non-interactive`,
    ]);
  });

  it("are read of the stack that is asked for, with one question", async () => {
    gives({ loadtest: output() });
    expect(await read("org/dev")).to.deep.equal({ stack: "org/dev", loadtest: output(), kubeconfig: undefined });
    expect(asked()).to.deep.equal([`${folder} stack output --json --show-secrets --stack org/dev --non-interactive`]);
  });

  it("may have the kubeconfig as an object, and more than is known here", async () => {
    const newer = { ...output(), colour: "blue", load: { ...output().load, shape: "step" } };
    gives({ loadtest: newer, kubeconfig: { kind: "Config" } });
    const { kubeconfig, loadtest } = await read("dev");
    expect(kubeconfig).to.equal('{"kind":"Config"}');
    expect(loadtest).to.deep.equal(newer);
  });

  for (const { what, type = RunnerError, says, stack, make } of [
    {
      what: "no stack is selected",
      type: UsageError,
      says: /^no stack is selected: --stack dev, or pulumi stack select dev$/,
      make: () => fails("error: no stack selected; please use `pulumi stack select` to choose one\n"),
    },
    {
      what: "there is no such stack",
      type: UsageError,
      stack: "nope",
      says: /^Pulumi: no stack named 'nope' found$/,
      make: () => fails("warning: a new version of Pulumi is available\nerror: no stack named 'nope' found\n"),
    },
    {
      what: "the passphrase is missing",
      type: UsageError,
      says: /^Pulumi: getting secrets manager: passphrase must be set with PULUMI_CONFIG_PASSPHRASE/,
      stack: "dev",
      make: () =>
        fails("error: getting secrets manager: passphrase must be set with PULUMI_CONFIG_PASSPHRASE or a file\n"),
    },
    {
      what: "there is another trouble",
      says: /^Pulumi: could not open the bucket: no credentials$/,
      make: () => fails("error: could not open the bucket: no credentials\n\n  see the docs\n"),
    },
    { what: "it fails without a word", says: /^Pulumi: Command failed: pulumi /, make: () => fails("", 1) },
    {
      what: "nothing is deployed",
      type: UsageError,
      says: /^stack shop has no load test yet: pulumi up --stack shop; a program of your own exports it: [^\n]+$/,
      make: () => gives({ kubeconfig: secret }),
    },
    {
      what: "another version deployed it",
      type: UsageError,
      stack: "dev",
      says: /^stack dev was deployed by another version \(output loadtest\.version: .*\): pulumi up --stack dev$/,
      make: () => gives({ loadtest: { ...output(), version: 2 }, kubeconfig: secret }),
    },
    {
      what: "a field is missing that is needed",
      type: UsageError,
      stack: "dev",
      says: /^stack dev was deployed by another version \(output loadtest\.webPort: .*\): pulumi up --stack dev$/,
      make: () => gives({ loadtest: { ...output(), webPort: undefined } }),
    },
    {
      what: "its output is something else",
      type: UsageError,
      stack: "dev",
      says: /^stack dev was deployed by another version \(output loadtest: .*\): pulumi up --stack dev$/,
      make: () => gives({ loadtest: null }),
    },
    ...["", `kubeconfig: ${secret}`, `{"kubeconfig": "${secret}`, "null", "7", `"${secret}"`].map((text) => ({
      what: `they are ${JSON.stringify(text.replace(secret, "…"))}`,
      says: /^Pulumi's outputs of stack dev are not JSON$/,
      stack: "dev",
      make: () => gives(text),
      type: RunnerError,
    })),
  ]) {
    it(`cannot be had where ${what}`, async () => {
      make();
      const error = await failure(stack);
      expect(error.message).to.match(says);
      expect(error)
        .to.be.instanceOf(type)
        .with.property("exitCode", type === UsageError ? 2 : 4);
    });
  }

  it("cannot be had without Pulumi", async () => {
    process.env.PATH = folder;
    const error = await failure();
    expect(error).to.be.instanceOf(UsageError);
    expect(error.message).to.equal(
      "pulumi is not on the PATH; without it, say where: --context and --namespace, or --local",
    );
  });

  it("are not waited for without end", async () => {
    pulumi("exec sleep 20");
    const begun = performance.now();
    expect((await failure("dev", 300)).message).to.equal("Pulumi did not answer within 0.3 s");
    expect(performance.now() - begun).to.be.below(3000);
  });
});
