import type { Endpoint, LocustClient } from "../engine/client";
import { isLoading } from "../engine/phase";
import { pause } from "../engine/timing";
import { messageOf } from "../errors";
import type { LocustStatus } from "../types";
import type { Progress } from "./terminal/progress";

/** Locust's own port: an address that people remember. */
export const usualPort = 8089;

/** Prints the address of the web UI, and opens it where somebody sits at a terminal. */
export async function showWebUi({ url, token }: Endpoint, open: boolean, progress: Progress): Promise<void> {
  const address = `${url}/?token=${token}`;
  // The address is a key: whoever has it can start load from this machine.
  process.stdout.write(`Locust's web UI: ${address}\nCtrl-C ends it.\n`);
  if (!open || process.stdout.isTTY !== true) return;
  try {
    const browser = await (await import("open")).default(address);
    browser.on("error", () => progress.warning("no browser could be opened; open the address yourself"));
  } catch (error) {
    progress.warning(`no browser could be opened: ${messageOf(error)}`);
  }
}

/** How often to look whether somebody started a run, in ms. */
const interval = 300;

/** Has each run saved that is started in Locust's web UI, one after the other, until one of the signals is aborted. */
export async function watchWebUiRuns(
  client: LocustClient,
  save: (seen: LocustStatus) => Promise<void>,
  ...ends: readonly AbortSignal[]
): Promise<void> {
  let latest: number | undefined;
  const end = AbortSignal.any([...ends]);
  while (!end.aborted) {
    const seen = await client.status(end).catch(() => undefined);
    if (seen !== undefined) {
      // What was over before is not for this command to save; a new master counts from 0 again.
      if (latest === undefined || seen.run < latest) latest = isLoading(seen) ? seen.run - 1 : seen.run;
      // A run may be over when it is first seen; one that test_start still prepares has no clock yet.
      if (seen.run > latest && typeof seen.preparing !== "number") {
        latest = seen.run;
        await save(seen);
      }
    }
    await pause(interval, end);
  }
}

/** What is said of a run that was started in the web UI. */
export function webUiRunText({ targetUsers }: LocustStatus): string {
  return `A run was started in the web UI: ${targetUsers} users.`;
}
