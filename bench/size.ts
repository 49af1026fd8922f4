/**
 * `npm run bench:size`: how near `loadtest size` comes: what one worker's sample says of a load, against what two workers
 * use of it, on this machine. Prints a row for each pair of runs.
 *
 * Options: `--users 600`, `--runs 3`.
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { startDemoTarget } from "../runner/demo/target";
import { readSeries } from "../runner/results/series";
import { usageOf } from "../runner/verdict/usage";
import { prepareLocust, startCommand, stopCommands } from "../test/support/cli";
import { finished, makeProject, onlyRun, removeProjects, temporaryFolder } from "../test/support/project";
import { printMachine } from "./measure";

const script = `from locust import HttpUser, constant_pacing, task


class Visitor(HttpUser):
    wait_time = constant_pacing(1)

    @task
    def visit(self):
        self.client.get("/")
`;

const { values } = parseArgs({
  options: { users: { type: "string", default: "600" }, runs: { type: "string", default: "3" } },
});
const size = { cpu: 0.5, memory: 768 };

async function main(): Promise<void> {
  await prepareLocust();
  const target = await startDemoTarget({ port: 0 });
  const { directory } = makeProject({ "steady.py": script }, ["workerReplicas: 1"]);
  const load = [
    "--local",
    "--script",
    "steady.py",
    "--host",
    target.url,
    "--spawn-rate",
    "40",
    "--users",
    values.users,
  ];
  const command = async (args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await startCommand(args, { cwd: directory }).ended;
    if (code !== 0) throw new Error(`${args[0]} ended with ${code}\n${stdout}${stderr}`);
    return stdout;
  };
  try {
    printMachine(Number(values.runs));
    console.log(
      "| users of the sample | cores said | cores used | off | load average |\n| --- | --- | --- | --- | --- |",
    );
    for (let run = 0; run < Number(values.runs); run++) {
      const [sampled, ran] = [temporaryFolder(), temporaryFolder()];
      const { sample, need } = JSON.parse(
        await command(["size", ...load, "--run-time", "20s", "--results", sampled, "--json"]),
      );
      await command(["run", ...load, "--workers", "2", "--run-time", "40s", "--results", ran]);
      const folder = onlyRun(ran);
      const used = usageOf(finished(folder), readSeries(`${folder}/series.ndjson`), size)?.cores ?? Number.NaN;
      const said = need.cpuShare * need.workers * size.cpu;
      const off = `${((said / used - 1) * 100).toFixed(1)} %`;
      console.log(
        `| ${sample.users} | ${said.toFixed(3)} | ${used.toFixed(3)} | ${off} | ${loadavg()[0]?.toFixed(1)} |`,
      );
    }
  } finally {
    await stopCommands();
    await target.close();
    removeProjects();
  }
}

void main();
