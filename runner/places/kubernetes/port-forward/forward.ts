import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { listenOn, loopback } from "../../network";
import type { Cluster } from "../api/cluster";
import { type ConnectionTiming, PodConnection } from "./pod-connection";

/** How long things may take, in ms. */
export interface ForwardTiming extends ConnectionTiming {
  /**
   * How long the pod may send nothing once the client has closed its side, where an answer may still come; a tenth of it
   * where the pod had the last word.
   */
  readonly linger: number;
}

const defaultTiming: ForwardTiming = { connect: 10_000, ping: 3000, silence: 9000, linger: 10_000 };

export interface ForwardOptions {
  readonly cluster: Cluster;
  /** A port in the pod. */
  readonly port: number;
  /** Name of the pod; asked anew for each connection. */
  readonly target: () => Promise<string>;
  /** Port on this machine; a free one where undefined. */
  readonly listenPort?: number | undefined;
  /** Told of each connection that could not be made, or that broke: RunnerErrors of one line. */
  readonly onBroken?: (error: Error) => void;
  readonly timing?: Partial<ForwardTiming>;
}

/** A port on this machine that leads into a pod. */
export interface Forward {
  /** `http://127.0.0.1:8089` */
  readonly url: string;
  readonly port: number;
  /** Breaks all connections and frees the port. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Listens on loopback and forwards each connection to a port of the pod that is the target at that moment, so that a
 * pod that takes the place of another is reached without more ado. A connection whose way to the pod breaks is reset:
 * what came through it never looks complete. Rejects with a UsageError where the port is taken.
 */
export async function openForward(options: ForwardOptions): Promise<Forward> {
  const clients = new Set<Socket>();
  // Nothing is read before the pod is there, and a client that has said all it wants to may still listen.
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
    clients.add(client);
    client.once("close", () => clients.delete(client));
    void forwardClient(client, options);
  });
  const port = await listenOn(server, options.listenPort ?? 0, "Locust's web UI");
  server.on("error", (error) => options.onBroken?.(error));
  let closing: Promise<unknown> | undefined;
  return {
    url: `http://${loopback}:${port}`,
    port,
    async close() {
      closing ??= once(server.close(), "close");
      for (const client of clients) client.resetAndDestroy();
      await closing;
    },
  };
}

/** Connects a client to the pod. Never rejects. */
async function forwardClient(
  client: Socket,
  { cluster, port, target, onBroken, timing }: ForwardOptions,
): Promise<void> {
  const { linger, ...times } = { ...defaultTiming, ...timing };
  const closed = new AbortController();
  const { signal } = closed;
  let connection: PodConnection | undefined;
  let lingering: NodeJS.Timeout | undefined;
  let answered = true;
  // "close" follows.
  client.on("error", () => undefined);
  client.once("close", () => {
    clearTimeout(lingering);
    closed.abort();
    connection?.destroy();
  });
  const broken = (error: Error) => {
    if (client.destroyed) return;
    // An end instead of a reset would make a body without a length look complete.
    client.resetAndDestroy();
    onBroken?.(error);
  };
  try {
    const pod = await cluster.call("find the pod", target, { timeout: times.connect, signal });
    connection = new PodConnection(cluster, pod, port, times);
    connection.on("error", broken);
    await connection.open(signal);
  } catch (error) {
    return broken(error as Error);
  }
  if (client.destroyed) return;
  // The protocol cannot tell the pod that the client has closed its side: it gets what comes until nothing has come for
  // a while.
  const waitForSilence = (limit: number) => {
    clearTimeout(lingering);
    lingering = setTimeout(() => client.resetAndDestroy(), limit);
  };
  connection.pipe(client).pipe(connection, { end: false });
  connection.on("data", () => {
    answered = true;
    lingering?.refresh();
  });
  client.on("data", () => {
    answered = false;
  });
  client.once("end", () => waitForSilence(answered ? linger / 10 : linger));
  // The pod has closed its side, and the client has got all of it.
  client.once("finish", () => waitForSilence(linger));
}
