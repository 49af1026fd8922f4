import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { get as httpGet, type IncomingMessage } from "node:http";
import { get as httpsGet, type RequestOptions } from "node:https";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { containerName } from "../../../../settings/deployed/deployed-test";
import { messageOf } from "../../../errors";
import type { Cluster } from "../api/cluster";
import { ApiAnswer, CallTimeout, explainFailure } from "../api/failures";

/** As much of each log is saved, in bytes: the end. */
const savedLimit = 10 << 20;
/** As many logs are read at a time. */
const atOnce = 8;
/** How long a log may bring nothing, in ms, where it does not wait for what is yet to come. */
const idleLimit = 10_000;
/** After this much silence the system asks whether the other side is still there, in ms; ten seconds later it is not. */
const keepAlive = 10_000;

/** Which part of a log, and how: all of it as it is now unless told. */
export interface LogOptions {
  /** Kubernetes heeds whole seconds: up to one second before it comes too. */
  readonly sinceTime?: Date | undefined;
  readonly tailLines?: number | undefined;
  /** Of the container before this one. */
  readonly previous?: boolean;
  /** Whether lines begin with their time. */
  readonly timestamps?: boolean;
  /** Whether to wait for what is yet to come. */
  readonly follow?: boolean;
}

/** The log of a pod as it is now. Rejects with ClusterRefused where there is no such pod, or no log yet. */
export async function readLog(cluster: Cluster, pod: string, options: LogOptions = {}): Promise<string> {
  const response = await openLog(cluster, pod, options);
  try {
    return (await buffer(response)).toString("utf8");
  } catch (error) {
    throw explainFailure(error, reading(pod), cluster);
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
  options: LogOptions = {},
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const waiting = [...pods];
  const warnings: string[] = [];
  const worker = async () => {
    for (let pod = waiting.shift(); pod !== undefined; pod = waiting.shift()) {
      const file = join(folder, `${pod}${options.previous === true ? ".previous" : ""}.log`);
      await saveLog(cluster, pod, file, options).catch((error: unknown) => warnings.push(messageOf(error)));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return warnings;
}

/** Saves as much as can be read; rejects where that is not all. */
async function saveLog(cluster: Cluster, pod: string, file: string, options: LogOptions): Promise<void> {
  const response = await openLog(cluster, pod, options);
  const chunks: Buffer[] = [];
  let [total, kept] = [0, 0];
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      total += chunk.length;
      kept += chunk.length;
      while (kept - (chunks[0]?.length ?? 0) >= savedLimit) kept -= chunks.shift()?.length ?? 0;
    }
  } catch (error) {
    throw explainFailure(error, `${reading(pod)} to its end`, cluster);
  } finally {
    const all = Buffer.concat(chunks);
    const excess = all.length - savedLimit;
    const start = total <= savedLimit ? 0 : Math.max(excess, all.indexOf("\n", Math.max(0, excess - 1)) + 1);
    await writeFile(file, all.subarray(start));
  }
}

/** What cannot be done, in messages. */
function reading(pod: string): string {
  return `read the log of pod ${pod}`;
}

/**
 * A log as it comes: the generated calls only give whole ones, and the client library's `Log` loses what the API server
 * says where it refuses. Rejects as `Cluster.call` does; errors of the stream are the plain ones of the connection.
 */
export async function openLog(
  cluster: Cluster,
  pod: string,
  { sinceTime, ...options }: LogOptions,
): Promise<IncomingMessage> {
  const path = `/api/v1/namespaces/${cluster.namespace}/pods/${pod}/log`;
  const url = new URL((cluster.kubeConfig.getCurrentCluster()?.server ?? "") + path);
  const query = { container: containerName, sinceTime: sinceTime?.toISOString(), ...options };
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const ask = async (limit: AbortSignal) => {
    const credentials: RequestOptions = {};
    await cluster.kubeConfig.applyToHTTPSOptions(credentials);
    const request = (url.protocol === "http:" ? httpGet : httpsGet)(url, { ...credentials, signal: limit });
    // `once` rejects with an error; a later one is the response's too, and told to who reads it.
    request.on("error", () => undefined);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.on("error", () => undefined);
    const status = response.statusCode ?? 0;
    // 204: there is nothing in it, as of a pod that is about to go.
    if (status !== 200 && status !== 204) throw new ApiAnswer(status, await text(response));
    return response;
  };
  const response = await cluster.call(reading(pod), ask);
  if (options.follow === true) response.socket.setKeepAlive(true, keepAlive);
  else response.setTimeout(idleLimit, () => response.destroy(new CallTimeout(idleLimit)));
  return response;
}
