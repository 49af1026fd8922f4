import type { ClientRequest, IncomingMessage } from "node:http";
import type { RequestOptions } from "node:https";
import { Duplex, PassThrough, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { RunnerError } from "../../../errors";
import type { Cluster } from "../api/cluster";
import { ApiAnswer, ClusterUnreachable, oneLine } from "../api/failures";

/** How long things may take, in ms. */
export interface ConnectionTiming {
  /** Until the connection to the pod is open. */
  readonly connect: number;
  /** Between two pings. */
  readonly ping: number;
  /** Without data or an answer to a ping, after which the connection is given up. */
  readonly silence: number;
}

/** What of the client's websocket is used here; the package that it comes from has no types. */
interface WebSocket {
  readonly isPaused: boolean;
  send(data: Buffer, done: (error?: Error) => void): void;
  ping(): void;
  pause(): void;
  resume(): void;
  terminate(): void;
  on(event: "close", listener: (code: number) => void): void;
  on(event: "open" | "error" | "pong", listener: () => void): void;
  on(event: "unexpected-response", listener: (request: ClientRequest, response: IncomingMessage) => void): void;
}

/** The first byte of each frame to the pod: the number of the stream for data. */
const dataStream = Buffer.from([0]);
const normalClosure = 1000;

/**
 * A TCP connection to a port of a pod, through a websocket of the API server. It ends where the pod closes it, and breaks
 * with a RunnerError. The client library opens the websocket; it ignores a full one, so that data are sent here.
 */
export class PodConnection extends Duplex {
  private socket: WebSocket | undefined;
  /** What the API server answered instead of opening the websocket. */
  private answer: Promise<ApiAnswer> | undefined;
  /** What the node says of the port. */
  private problem = "";
  private lastSign = 0;
  private lastBeat = 0;
  /** Undefined until the websocket is open. */
  private heartbeat: NodeJS.Timeout | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly pod: string,
    private readonly port: number,
    private readonly timing: ConnectionTiming,
  ) {
    super({ writableHighWaterMark: 256 * 1024, readableHighWaterMark: 64 * 1024 });
  }

  /** Rejects with ClusterUnreachable, or with ClusterRefused where there is no such pod. */
  async open(signal: AbortSignal): Promise<void> {
    const what = `forward port ${this.port} of pod ${this.pod}`;
    try {
      await this.cluster.call(what, () => this.connect(), { timeout: this.timing.connect, signal });
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  override _read(): void {
    if (this.socket?.isPaused !== true) return;
    this.lastSign = performance.now();
    this.socket.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.socket?.send(Buffer.concat([dataStream, chunk]), (error) => {
      // The network has taken it, so somebody is there. "close" tells of an error.
      if (!error) this.lastSign = performance.now();
      done();
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearInterval(this.heartbeat);
    this.socket?.terminate();
    done(error);
  }

  private async connect(): Promise<void> {
    const { PortForward } = await import("@kubernetes/client-node");
    const output = consumer((chunk) => {
      this.lastSign = performance.now();
      if (!this.destroyed && !this.push(chunk)) this.socket?.pause();
    });
    const problems = consumer((chunk) => {
      this.problem += chunk.toString();
    });
    const { namespace } = this.cluster;
    const forward = new PortForward(this.config());
    try {
      await forward.portForward(namespace, this.pod, [this.port], output, problems, new PassThrough());
    } catch (error) {
      throw (await this.answer) ?? (error as { error?: unknown }).error ?? error;
    }
  }

  /** The cluster's configuration, with which the client library gives us its websocket before it connects. */
  private config() {
    const { kubeConfig } = this.cluster;
    const adopt = (request: ClientRequest, socket: WebSocket) => this.adopt(request, socket);
    const config: typeof kubeConfig = Object.create(kubeConfig);
    config.applyToHTTPSOptions = async (options) => {
      await kubeConfig.applyToHTTPSOptions(options);
      Object.assign(options as RequestOptions, { perMessageDeflate: false, finishRequest: adopt });
    };
    return config;
  }

  private adopt(request: ClientRequest, socket: WebSocket): void {
    this.socket = socket;
    socket.on("open", () => {
      this.lastSign = performance.now();
      this.heartbeat = setInterval(() => this.beat(), this.timing.ping);
    });
    socket.on("pong", () => {
      this.lastSign = performance.now();
    });
    // "close" comes after it.
    socket.on("error", () => undefined);
    socket.on("close", (code) => this.onClose(code));
    socket.on("unexpected-response", (_, response) => {
      const status = response.statusCode ?? 0;
      this.answer = text(response).then(
        (body) => new ApiAnswer(status, body),
        () => new ApiAnswer(status, undefined),
      );
      void this.answer.finally(() => socket.terminate());
    });
    if (this.destroyed) socket.terminate();
    else request.end();
  }

  /** Silence means nothing while we do not read, nor after this process has slept: answers may be waiting. */
  private beat(): void {
    const { ping, silence } = this.timing;
    const now = performance.now();
    const slept = now - this.lastBeat > 2 * ping;
    this.lastBeat = now;
    if (slept || this.socket?.isPaused === true) this.lastSign = now;
    if (now - this.lastSign > silence) this.socket?.terminate();
    else this.socket?.ping();
  }

  /** Where the websocket was never open, `open` rejects. */
  private onClose(code: number): void {
    clearInterval(this.heartbeat);
    if (this.heartbeat === undefined || this.destroyed) return;
    if (code === normalClosure && this.problem === "") this.push(null);
    else this.destroy(this.failure());
  }

  private failure(): RunnerError {
    if (/connection refused/i.test(this.problem)) {
      return new RunnerError(`nothing listens on port ${this.port} of pod ${this.pod}`);
    }
    const broke = `the connection to pod ${this.pod} broke`;
    if (this.problem !== "") return new RunnerError(`${broke}: ${oneLine(this.problem)}`);
    return new ClusterUnreachable(`${broke}: the API server at ${this.cluster.server} is gone`);
  }
}

/** A stream that hands on what it gets at once. */
function consumer(take: (chunk: Buffer) => void): Writable {
  return new Writable({
    write(chunk: Buffer, _, done) {
      take(chunk);
      done();
    },
  });
}
