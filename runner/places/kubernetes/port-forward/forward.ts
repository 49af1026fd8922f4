import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { loopback, portRefused } from "../../ports";
import type { Cluster } from "../api/cluster";
import { ForwardedConnection, type ForwardTiming } from "./forwarded";

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
  readonly onBroken?: ((error: Error) => void) | undefined;
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
  const { cluster, port, target, listenPort, onBroken } = options;
  const timing = { ...defaultTiming, ...options.timing };
  const connections = new Set<ForwardedConnection>();
  // Nothing is read before the pod is there, and a client that has said all it wants to may still listen.
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
    const connection = new ForwardedConnection(socket, { cluster, port, target, timing, onBroken });
    connections.add(connection);
    socket.once("close", () => connections.delete(connection));
    void connection.start();
  });
  const local = await listen(server, listenPort);
  server.on("error", (error) => onBroken?.(error));
  let closing: Promise<unknown> | undefined;
  return {
    url: `http://${loopback}:${local}`,
    port: local,
    async close() {
      closing ??= once(server.close(), "close");
      for (const connection of connections) connection.abort();
      await closing;
    },
  };
}

async function listen(server: Server, port = 0): Promise<number> {
  server.listen({ port, host: loopback, exclusive: true });
  await once(server, "listening").catch((error: unknown) => {
    throw portRefused(error, port, "Locust's web UI");
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}
