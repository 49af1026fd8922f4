import type { Endpoint } from "../engine/client";
import { messageOf } from "../errors";
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
