import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/** A proxy that tunnels to the API server, as HTTPS_PROXY names one; its tunnels break as a test likes. */
export class Tunnel {
  private readonly sockets = new Set<Socket>();
  /** Whether new tunnels are refused. */
  refusing = false;
  /** How many tunnels there have been. */
  count = 0;

  private constructor(private readonly server: Server) {
    server.on("connect", (request: IncomingMessage, socket: Socket) => this.open(request.url ?? "", socket));
  }

  static async start(): Promise<Tunnel> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Tunnel(server);
  }

  /** The environment in which the API server is reached through it. */
  get env(): NodeJS.ProcessEnv {
    const { port } = this.server.address() as AddressInfo;
    return { ...process.env, HTTPS_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: "", no_proxy: "" };
  }

  private open(address: string, socket: Socket): void {
    this.keep(socket);
    if (this.refusing) {
      socket.destroy();
      return;
    }
    this.count++;
    const [host, port] = address.split(":");
    const onward = connect({ host: String(host), port: Number(port) }, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(onward).pipe(socket);
    });
    this.keep(onward);
    onward.once("close", () => socket.destroy());
    socket.once("close", () => onward.destroy());
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => this.sockets.delete(socket));
  }

  /** Ends all tunnels. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Lets nothing more through, and says nothing of it. */
  freeze(): void {
    for (const socket of this.sockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
