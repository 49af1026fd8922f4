/** Deploys Locust, runs a test, and takes all of it away again: `npx tsx run.ts http://shop.example.com`. */
import { spawnSync } from "node:child_process";
import { LocalWorkspace } from "@pulumi/pulumi/automation";
import { LocustDeployment } from "serverless-load-testing";

const [targetHost, namespace = "load-test"] = process.argv.slice(2);

/** The Pulumi program: on the current context of the kubeconfig. */
async function program() {
  const locust = new LocustDeployment("visit", {
    namespace,
    targetHost,
    scriptsFolder: "load",
    script: "visit.py",
    users: 10,
    runTime: "10s",
    workerReplicas: 1,
    workerCpu: 0.25,
  });
  return { loadtest: locust.loadtest };
}

async function main(): Promise<number> {
  const stack = await LocalWorkspace.createOrSelectStack({
    stackName: "automation",
    projectName: "load-test-automation",
    program,
  });
  const onOutput = (text: string) => process.stderr.write(text);
  try {
    await stack.up({ onOutput });
    const run = ["loadtest", "run", "--namespace", namespace, "--threshold", "p95<500"];
    // 0 where the test has passed.
    return spawnSync("npx", run, { stdio: "inherit" }).status ?? 1;
  } finally {
    await stack.destroy({ onOutput });
    await stack.workspace.removeStack("automation");
  }
}

main().then((code) => {
  process.exitCode = code;
});
