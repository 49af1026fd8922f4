import { type IncomingMessage, request as plainRequest } from "node:http";
import { type RequestOptions, request as secureRequest } from "node:https";
import { text } from "node:stream/consumers";
import { containerName } from "../../../../settings/deployed-test";
import type { Cluster } from "../api/cluster";
import { ApiAnswer, CallTimeout } from "../api/failures";

/** How long a stream may bring nothing, in ms, where it is not one that waits for what is yet to come. */
const idleLimit = 10_000;
/** After this much silence the system asks whether the other side is still there, in ms; ten seconds later it is not. */
const keepAlive = 10_000;

export interface LogRequest {
  /** Kubernetes heeds whole seconds: up to one second before it comes too. */
  readonly sinceTime?: Date | undefined;
  readonly tailLines?: number | undefined;
  readonly previous?: boolean | undefined;
  readonly timestamps?: boolean | undefined;
  /** Whether to wait for what is yet to come. */
  readonly follow?: boolean | undefined;
}

/** What cannot be done, in messages. */
export function logReading(pod: string): string {
  return `read the log of pod ${pod}`;
}

/**
 * A log as it comes: the generated calls only give whole ones. Rejects as `Cluster.call` does; errors of the stream
 * itself are the plain ones of the connection.
 */
export async function openLog(
  cluster: Cluster,
  pod: string,
  { sinceTime, ...query }: LogRequest,
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  const path = `/api/v1/namespaces/${cluster.namespace}/pods/${pod}/log`;
  const url = new URL((cluster.kubeConfig.getCurrentCluster()?.server ?? "") + path);
  for (const [name, value] of Object.entries({
    container: containerName,
    sinceTime: sinceTime?.toISOString(),
    ...query,
  })) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const work = async (limit: AbortSignal) => {
    const credentials: RequestOptions = {};
    await cluster.kubeConfig.applyToHTTPSOptions(credentials);
    const response = await send(url, credentials, limit);
    // 204: there is nothing in it, as of a pod that is about to go.
    if (response.statusCode !== 200 && response.statusCode !== 204)
      throw new ApiAnswer(response.statusCode ?? 0, await text(response));
    return response;
  };
  const response = await cluster.call(logReading(pod), work, { signal });
  // An error before somebody reads it is told to who reads it.
  response.on("error", () => undefined);
  if (query.follow === true) response.socket.setKeepAlive(true, keepAlive);
  else response.setTimeout(idleLimit, () => response.destroy(new CallTimeout(idleLimit)));
  return response;
}

function send(url: URL, options: RequestOptions, limit: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "http:" ? plainRequest : secureRequest)(url, options, (response) => {
      limit.addEventListener("abort", () => response.destroy(), { once: true });
      resolve(response);
    });
    limit.addEventListener("abort", () => request.destroy(), { once: true });
    request.on("error", reject);
    request.end();
  });
}
