import { pause } from "../../engine/timing";
import { RunnerError } from "../../errors";
import type { MasterLink } from "../../places/kubernetes/master";
import type { LocustStatus } from "../../types";
import type { Signals } from "../signals";
import { isGoing } from "./claim";

/** How long users may take to end, in ms. */
const patience = 30_000;

/** Ends a run whose results another command keeps. */
export async function stopOnly({ client }: MasterLink, { run }: LocustStatus, { interrupt }: Signals): Promise<void> {
  const deadline = performance.now() + patience;
  void client.stop(patience, interrupt).catch(() => undefined);
  while (!interrupt.aborted) {
    const status = await client.status(interrupt).catch(() => undefined);
    if (status !== undefined && (status.run !== run || !isGoing(status))) return;
    if (performance.now() > deadline) throw new RunnerError("the run does not end; loadtest logs may say why");
    await pause(200, interrupt);
  }
}
