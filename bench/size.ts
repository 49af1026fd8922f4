/**
 * `npm run bench:size`: how near `loadtest size` comes: what one worker's sample says of a load, against what two workers
 * use of it, on this machine. Prints a row for each pair of runs.
 *
 * Options: `--users 600`, `--runs 3`.
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { startCommand, stopCommands } from "../test/support/cli";
import { removeProjects, temporaryFolder } from "../test/support/project";
import { startSteady, usedIn, workerSize } from "../test/support/steady";
import { printMachine } from "./measure";

const { values } = parseArgs({
  options: { users: { type: "string", default: "600" }, runs: { type: "string", default: "3" } },
});

async function main(): Promise<void> {
  const { target, directory, load: steady } = await startSteady();
  const load = [...steady, "--users", values.users];
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
      const used = usedIn(ran)?.cores ?? Number.NaN;
      const said = need.cpuShare * need.workers * workerSize.cpu;
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
