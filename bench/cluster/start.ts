/** How long an operator waits: from `loadtest run` to full load, and from 2 workers to 8. */

import type { DeployedTest } from "../../test/support/deployed-test";
import { temporaryFolder } from "../../test/support/project";

/** One round, in seconds. */
export interface Start {
  readonly round: number;
  /** From `loadtest run` to its line that says full load: 20 users at 20 a second on two workers that are there. */
  readonly fullLoad: number;
  /** The same where the command has to bring the workers from 2 to 8 first. */
  readonly fullLoadOfEight: number;
  /** `loadtest scale 8`, from 2, until all eight are ready and it ends. */
  readonly scale: number;
}

/** vCPU of each worker there: eight of them, with the master, fit on a node with two. */
export const startWorkerCpu = 0.2;

export async function measureStart(test: DeployedTest, round: number): Promise<Start> {
  await test.untilWorkers(2);
  const fullLoad = await timeToFullLoad(test, 2);
  const fullLoadOfEight = await timeToFullLoad(test, 8);
  await test.untilWorkers(2);
  const { code, stderr, seconds } = await test.run("scale", "8");
  if (code !== 0) throw new Error(`loadtest scale 8 ends with ${code}: ${stderr}`);
  const back = await test.run("scale", "2");
  if (back.code !== 0) throw new Error(`loadtest scale 2 ends with ${back.code}: ${back.stderr}`);
  return { round, fullLoad, fullLoadOfEight, scale: seconds };
}

async function timeToFullLoad(test: DeployedTest, workers: number): Promise<number> {
  const plan = ["--workers", String(workers), "--users", "20", "--spawn-rate", "20", "--run-time", "10s"];
  const begun = performance.now();
  const command = test.start("run", ...plan, "--results", temporaryFolder());
  await command.waitFor(/full load/, 120_000);
  const seconds = (performance.now() - begun) / 1000;
  const { code, stderr } = await command.ended;
  if (code !== 0) throw new Error(`loadtest run ends with ${code}: ${stderr}`);
  return seconds;
}
