import { connect, type Socket } from "node:net";
import {
  type Forward,
  type ForwardOptions,
  openForward,
} from "../../../../../runner/places/kubernetes/port-forward/forward";
import { poll } from "../../../../support/poll";
import { FakeApi, type PodSide } from "../api/fake-api";

/** A port that leads into a pod of a fake API server, and its clients. */
export interface Forwarding {
  /** Another one in each test. */
  readonly api: FakeApi;
  /** Opens the port: to port 8089 of `master-1` of the test's API server, if nothing else is said. */
  readonly open: (options?: Partial<ForwardOptions>, api?: FakeApi) => Promise<Forward>;
  /** Connects to the port that was opened last. */
  readonly client: (options?: object) => Socket;
  /** What has broken since it was opened. */
  readonly broken: readonly Error[];
}

/**
 * Gives the tests of the suite around it such ports of an API server of their own, and has all closed after each test.
 */
export function forwarding(): Forwarding {
  let api: FakeApi;
  const clients: Socket[] = [];
  const broken: Error[] = [];
  let forward: Forward;
  beforeEach(async () => {
    api = await FakeApi.start();
  });
  afterEach(async () => {
    for (const socket of clients.splice(0)) socket.destroy();
    await forward.close();
    await api.close();
  });
  return {
    get api() {
      return api;
    },
    open: async (options = {}, on = api) => {
      broken.length = 0;
      const cluster = await on.cluster();
      const target = async () => "master-1";
      forward = await openForward({ cluster, port: 8089, target, onBroken: (error) => broken.push(error), ...options });
      return forward;
    },
    client: (options = {}) => {
      const socket = connect({ port: forward.port, host: "127.0.0.1", ...options });
      clients.push(socket);
      return socket;
    },
    broken,
  };
}

/** All that comes, and how it ended: `end`, or the code of an error. */
export async function rest(socket: Socket): Promise<{ data: string; how: string }> {
  const chunks: Buffer[] = [];
  let how = "";
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("end", () => {
    how = "end";
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    how = error.code ?? error.message;
  });
  await new Promise((resolve) => socket.once("close", resolve));
  return { data: Buffer.concat(chunks).toString(), how };
}

/** Frames of the pod's data, and of what is wrong with it. */
export const data = (text: string) => Buffer.concat([Buffer.from([0]), Buffer.from(text)]);
export const problem = (text: string) => Buffer.concat([Buffer.from([1]), Buffer.from(text)]);
export const echo = (side: PodSide) => side.on("message", (frame) => side.send(Buffer.from(frame)));

export async function until(what: string, check: () => boolean, limit = 3000): Promise<void> {
  await poll(check, { limit, every: 10, problem: () => `${what}: not within ${limit} ms` });
}
