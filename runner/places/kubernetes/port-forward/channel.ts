import type { ClientRequest, IncomingMessage } from "node:http";
import type { RequestOptions } from "node:https";
import { PassThrough, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { RunnerError } from "../../../errors";
import type { Cluster } from "../api/cluster";
import { ApiAnswer, ClusterUnreachable, oneLine } from "../api/failures";

/** How long things may take, in ms. */
export interface ChannelTiming {
  /** Until the connection is there. */
  readonly connect: number;
  /** Between two questions whether the other side is still there. */
  readonly ping: number;
  /** Without a sign of life, after which the connection is given up. */
  readonly silence: number;
}

export interface ChannelOptions {
  readonly cluster: Cluster;
  readonly pod: string;
  /** A port in the pod. */
  readonly port: number;
  readonly timing: ChannelTiming;
  readonly signal: AbortSignal;
  readonly onData: (chunk: Buffer) => void;
  /**
   * The connection is over, once: without an error where the pod closed it. Not told after `close`; it may come before
   * the connection is handed out.
   */
  readonly onEnd: (error?: RunnerError) => void;
}

/** A TCP connection to a port of a pod, through a websocket of the API server. */
export interface Channel {
  /** Bytes that are sent but not yet on their way. */
  readonly backlog: number;
  /** `flushed` is called once the bytes are on their way. */
  send(chunk: Buffer, flushed: () => void): void;
  /** Asks for no data until `resume`; some that is here already may still come. */
  pause(): void;
  resume(): void;
  /** Ends it now. Safe to call twice. */
  close(): void;
}

/** What of the client's websocket is used here; the package that it comes from has no types. */
interface WebSocket {
  readonly bufferedAmount: number;
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

/** The byte that begins what goes to and comes from the first port; the client strips the latter. */
const dataChannel = Buffer.from([0]);
const normalClosure = 1000;

/** Opens a connection; rejects with ClusterUnreachable, or with ClusterRefused where there is no such pod. */
export async function openChannel(options: ChannelOptions): Promise<Channel> {
  const { cluster, pod, port, timing, signal } = options;
  const channel = new PodChannel(options);
  const what = `forward port ${port} of pod ${pod}`;
  try {
    await cluster.call(what, () => channel.open(), { timeout: timing.connect, signal });
    return channel;
  } catch (error) {
    channel.close();
    throw error;
  }
}

class PodChannel implements Channel {
  private socket: WebSocket | undefined;
  private answer: Promise<ApiAnswer> | undefined;
  private problem = "";
  private opened = false;
  private closed = false;
  private lastSign = 0;
  private lastBeat = 0;
  private heartbeat: NodeJS.Timeout | undefined;

  constructor(private readonly options: ChannelOptions) {}

  get backlog(): number {
    return this.socket?.bufferedAmount ?? 0;
  }

  async open(): Promise<void> {
    const { cluster, pod, port, onData, timing } = this.options;
    const { PortForward } = await import("@kubernetes/client-node");
    const output = consumer((chunk) => {
      this.lastSign = performance.now();
      if (!this.closed) onData(chunk);
    });
    const problems = consumer((chunk) => {
      this.problem += chunk.toString();
    });
    // We send by ourselves: the client would take no notice of a websocket that cannot keep up.
    const input = new PassThrough();
    try {
      await new PortForward(this.config()).portForward(cluster.namespace, pod, [port], output, problems, input);
    } catch (error) {
      throw (await this.answer) ?? (error as { error?: unknown }).error ?? error;
    }
    if (!this.closed) this.heartbeat = setInterval(() => this.beat(), timing.ping);
  }

  send(chunk: Buffer, flushed: () => void): void {
    if (this.closed) return;
    this.socket?.send(Buffer.concat([dataChannel, chunk]), (error) => {
      if (error) return;
      // The network has taken it, so somebody is there.
      this.lastSign = performance.now();
      flushed();
    });
  }

  pause(): void {
    this.socket?.pause();
  }

  resume(): void {
    this.lastSign = performance.now();
    this.socket?.resume();
  }

  close(): void {
    this.closed = true;
    clearInterval(this.heartbeat);
    this.socket?.terminate();
  }

  /** The cluster's configuration, with which the client gives its websocket to us before it connects. */
  private config() {
    const { kubeConfig } = this.options.cluster;
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
      this.opened = true;
      this.lastSign = performance.now();
    });
    socket.on("pong", () => {
      this.lastSign = performance.now();
    });
    // "close" comes after it.
    socket.on("error", () => undefined);
    socket.on("close", (code) => this.end(code));
    socket.on("unexpected-response", (_, response) => {
      this.answer = text(response).then(
        (body) => new ApiAnswer(response.statusCode ?? 0, body),
        () => new ApiAnswer(response.statusCode ?? 0, undefined),
      );
      void this.answer.finally(() => socket.terminate());
    });
    if (this.closed) socket.terminate();
    else request.end();
  }

  /** Silence means nothing while we do not read, nor after this process has slept: answers may be waiting. */
  private beat(): void {
    const { ping, silence } = this.options.timing;
    const now = performance.now();
    const slept = now - this.lastBeat > 2 * ping;
    this.lastBeat = now;
    if (slept || this.socket?.isPaused === true) this.lastSign = now;
    if (now - this.lastSign > silence) this.socket?.terminate();
    else this.socket?.ping();
  }

  private end(code: number): void {
    clearInterval(this.heartbeat);
    if (this.closed) return;
    this.closed = true;
    // One that was never open makes `open` fail.
    if (this.opened) this.options.onEnd(this.failure(code));
  }

  private failure(code: number): RunnerError | undefined {
    const { pod, port, cluster } = this.options;
    if (/connection refused/i.test(this.problem))
      return new RunnerError(`nothing listens on port ${port} of pod ${pod}`);
    if (this.problem !== "") return new RunnerError(`the connection to pod ${pod} broke: ${oneLine(this.problem)}`);
    if (code === normalClosure) return undefined;
    return new ClusterUnreachable(`the connection to pod ${pod} broke: the API server at ${cluster.server} is gone`);
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
