import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { messageOf } from "../../../errors";
import type { Cluster } from "../api/cluster";
import { explainFailure } from "../api/failures";
import { type LogRequest, logReading, openLog } from "./log-stream";

export { type FollowOptions, followLog } from "./follow-log";

/** As much of each log is saved, in bytes: the end. */
const savedLimit = 10 << 20;
/** As many logs are read at a time. */
const atOnce = 8;

/** Which part of a log: all unless told. */
export type LogOptions = Pick<LogRequest, "sinceTime" | "tailLines" | "previous">;

/** The log of a pod as it is now. Rejects with ClusterRefused where there is no such pod, or no log yet. */
export async function readLog(cluster: Cluster, pod: string, options: LogOptions = {}): Promise<string> {
  const response = await openLog(cluster, pod, options);
  try {
    return (await buffer(response)).toString("utf8");
  } catch (error) {
    throw explainFailure(error, logReading(pod), cluster);
  }
}

/**
 * Writes the logs of pods into a folder, `<pod>.log` each, at most the last 10 MB; those of the containers that were
 * there before, `<pod>.previous.log`, with `previous`. Gives a line for each log that is not there, or not whole.
 */
export async function saveLogs(
  cluster: Cluster,
  pods: readonly string[],
  folder: string,
  options: Pick<LogOptions, "sinceTime" | "previous"> = {},
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const waiting = [...pods];
  const warnings: string[] = [];
  const worker = async () => {
    for (let pod = waiting.shift(); pod !== undefined; pod = waiting.shift()) {
      const warning = await saveLog(cluster, pod, folder, options).catch((error: unknown) => messageOf(error));
      if (warning !== undefined) warnings.push(warning);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return warnings;
}

/** Rejects where nothing could be saved, and gives a line where not all could be read. */
async function saveLog(
  cluster: Cluster,
  pod: string,
  folder: string,
  options: LogOptions,
): Promise<string | undefined> {
  const response = await openLog(cluster, pod, options);
  const end = new Ending(savedLimit);
  let warning: string | undefined;
  try {
    for await (const chunk of response) end.add(chunk);
  } catch (error) {
    warning = messageOf(explainFailure(error, `${logReading(pod)} to its end`, cluster));
  }
  await writeFile(join(folder, `${pod}${options.previous === true ? ".previous" : ""}.log`), end.bytes());
  return warning;
}

/** The last bytes of what comes, from the beginning of a line. */
class Ending {
  private readonly chunks: Buffer[] = [];
  private length = 0;
  private cut = false;

  constructor(private readonly limit: number) {}

  add(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.length += chunk.length;
    for (
      let [first] = this.chunks;
      first !== undefined && this.length - first.length >= this.limit;
      [first] = this.chunks
    ) {
      this.chunks.shift();
      this.length -= first.length;
      this.cut = true;
    }
  }

  bytes(): Buffer {
    const all = Buffer.concat(this.chunks);
    if (!this.cut && all.length <= this.limit) return all;
    const excess = all.length - this.limit;
    const newline = all.indexOf("\n", Math.max(0, excess - 1));
    return all.subarray(newline < 0 ? excess : newline + 1);
  }
}
