/** A queue target in a process of its own, which what a test does beside it keeps from nothing. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { type QueueOptions, startQueueTarget } from "./queue-target";

export interface QueueProcess {
  readonly url: string;
  /** Requests since the start. */
  answered(): Promise<number>;
  close(): Promise<void>;
}

export async function startQueueProcess(options: QueueOptions): Promise<QueueProcess> {
  const child = fork(__filename, [JSON.stringify(options)], { execArgv: ["--import", "tsx"] });
  const [url] = (await once(child, "message")) as [string];
  return {
    url,
    async answered() {
      child.send("answered");
      const [count] = (await once(child, "message")) as [number];
      return count;
    },
    async close() {
      const end = once(child, "exit");
      child.kill();
      await end;
    },
  };
}

async function serve(options: QueueOptions): Promise<void> {
  const target = await startQueueTarget(options);
  process.on("message", () => process.send?.(target.answered()));
  process.once("disconnect", () => process.exit(0));
  process.send?.(target.url);
}

if (require.main === module) void serve(JSON.parse(process.argv[2] ?? "{}"));
