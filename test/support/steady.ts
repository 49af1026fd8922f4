import { startDemoTarget } from "../../runner/demo/target";
import { readSeries } from "../../runner/results/series";
import { type Usage, usageOf } from "../../runner/verdict/usage";
import { prepareLocust } from "./cli";
import { finished, makeProject, onlyRun } from "./project";

/** Users that ask for `/` once a second, whatever the answers take. */
export const steadyUsers = `from locust import HttpUser, constant_pacing, task


class Visitor(HttpUser):
    wait_time = constant_pacing(1)

    @task
    def visit(self):
        self.client.get("/")
`;

/** vCPU and MiB of a worker, where no setting says another. */
export const workerSize = { cpu: 0.5, memory: 768 };

/** A target, a project with a script of steady users and more, whose stack has one worker, and the load of commands. */
export async function startSteady(scripts: Readonly<Record<string, string>> = {}) {
  await prepareLocust();
  const target = await startDemoTarget({ port: 0 });
  const { directory } = makeProject({ "steady.py": steadyUsers, ...scripts }, ["workerReplicas: 1"]);
  // With requests, so that what is asked for is too much for one worker.
  const client = ["--http-client", "requests"];
  const load = ["--local", "--script", "steady.py", "--host", target.url, "--spawn-rate", "40", ...client];
  return { target, directory, load };
}

/** What the workers of the only run in a folder of results have used. */
export function usedIn(results: string): Usage | undefined {
  const folder = onlyRun(results);
  return usageOf(finished(folder), readSeries(`${folder}/series.ndjson`), workerSize);
}
