import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Cluster } from "../../../../../runner/places/kubernetes/api/cluster";
import { connectCluster } from "../../../../../runner/places/kubernetes/api/connect";

/** The websocket of a port-forward, on the API server's side. */
export interface PodSide {
  send(data: Buffer, done?: () => void): void;
  close(code?: number): void;
  terminate(): void;
  pause(): void;
  resume(): void;
  readonly isPaused: boolean;
  readonly bufferedAmount: number;
  readonly _socket: Socket;
  on(event: "message", listener: (data: Buffer) => void): void;
  on(event: "close", listener: (code: number) => void): void;
}

/** What the client's own websocket package has for servers; it comes without types. */
interface WebSockets {
  WebSocketServer: new (
    options: object,
  ) => {
    handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, done: (side: PodSide) => void): void;
  };
}
const { WebSocketServer } = createRequire(require.resolve("@kubernetes/client-node"))("ws") as WebSockets;

/** An API server that does as a test says. Without TLS, on loopback. */
export class FakeApi {
  /** Paths of the calls and port-forwards that were made. */
  readonly calls: string[] = [];
  /** The port-forwards that are open. */
  readonly forwards = new Set<PodSide>();
  onCall: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => response.writeHead(404).end();
  /** A port-forward that was opened; the ports' numbers have been sent. */
  onForward: (side: PodSide) => void = () => undefined;
  /** Holds up, refuses or breaks a port-forward before it is opened. */
  onUpgrade: (socket: Duplex, open: () => void) => void = (_, open) => open();
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    autoPong: boolean,
  ) {
    const websockets = new WebSocketServer({
      noServer: true,
      autoPong,
      handleProtocols: (protocols: Set<string>) => [...protocols].find((name) => name === "v4.channel.k8s.io"),
    });
    server.on("connection", (socket: Socket) => {
      this.sockets.add(socket);
      socket.once("close", () => this.sockets.delete(socket));
    });
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      this.calls.push(request.url ?? "");
      this.onCall(request, response);
    });
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.calls.push(request.url ?? "");
      this.onUpgrade(socket, () =>
        websockets.handleUpgrade(request, socket, head, (side) => {
          this.forwards.add(side);
          side.on("close", () => this.forwards.delete(side));
          const port = Number(new URL(request.url ?? "", "http://x").searchParams.get("ports"));
          for (const channel of [0, 1]) side.send(Buffer.from([channel, port & 255, port >> 8]));
          this.onForward(side);
        }),
      );
    });
  }

  static async start({ autoPong = true } = {}): Promise<FakeApi> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new FakeApi(server, autoPong);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get kubeconfig(): string {
    return kubeconfigFor(this.url);
  }

  cluster(): Promise<Cluster> {
    return connectCluster({ kubeconfig: this.kubeconfig, namespace: "locust" }, {});
  }

  /** Ends all that is open, and listens no more. */
  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

export function kubeconfigFor(server: string, user: object = { token: "token-of-the-test" }): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "there", cluster: { server } }],
    users: [{ name: "me", user }],
    contexts: [{ name: "test", context: { cluster: "there", user: "me" } }],
    "current-context": "test",
  });
}

/** A `Status`, as the API server answers what it does not do. */
export function refuse(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code, { "content-type": "application/json" });
  response.end(JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", message, code }));
}

/** What was thrown. */
export function caught(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => new Error("nothing was thrown"),
    (error: Error) => error,
  );
}
