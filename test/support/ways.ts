/** Ways to the API server that break as a test likes. */
import { readFileSync, writeFileSync } from "node:fs";
import { createServer as createProxy, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { parse, stringify } from "yaml";

/** A server on loopback, from which connections go on to the API server. */
abstract class Way {
  private readonly sockets = new Set<Socket>();
  /** Whether new connections are refused. */
  refusing = false;
  /** How many connections there have been. */
  count = 0;

  protected constructor(private readonly server: Server) {}

  protected async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  protected get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Lets a client through to a server, if none are refused; the end of one connection is the end of the other. */
  protected lead(client: Socket, host: string, port: number, opened: () => void = () => undefined): void {
    this.keep(client);
    if (this.refusing) {
      client.destroy();
      return;
    }
    this.count++;
    const onward = connect({ host, port }, () => {
      opened();
      client.pipe(onward).pipe(client);
    });
    this.keep(onward);
    onward.once("close", () => client.destroy());
    client.once("close", () => onward.destroy());
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => this.sockets.delete(socket));
  }

  /** Ends all connections. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Breaks all connections, with an error for whoever uses them; gives how many there were. */
  reset(): number {
    const count = this.sockets.size / 2;
    for (const socket of this.sockets) socket.resetAndDestroy();
    return count;
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

/** A way that a kubeconfig names instead of the API server. */
export class DirectWay extends Way {
  /** @param copy where to write a kubeconfig that goes this way */
  static async start(kubeconfig: string, copy: string): Promise<DirectWay> {
    const config = parse(readFileSync(kubeconfig, "utf8"));
    const cluster = config.clusters[0].cluster as { server: string };
    const { hostname, port } = new URL(cluster.server);
    const way: DirectWay = new DirectWay(createServer((client) => way.lead(client, hostname, Number(port))));
    await way.listen();
    cluster.server = `https://127.0.0.1:${way.port}`;
    writeFileSync(copy, stringify(config), { mode: 0o600 });
    return way;
  }
}

/** A proxy that tunnels to the API server, as HTTPS_PROXY names one. */
export class Tunnel extends Way {
  static async start(): Promise<Tunnel> {
    const server = createProxy();
    const tunnel = new Tunnel(server);
    server.on("connect", ({ url = "" }: IncomingMessage, client: Socket) => {
      const [host = "", port] = url.split(":");
      tunnel.lead(client, host, Number(port), () => client.write("HTTP/1.1 200 OK\r\n\r\n"));
    });
    await tunnel.listen();
    return tunnel;
  }

  /** The environment in which the API server is reached through it. */
  get env(): NodeJS.ProcessEnv {
    return { ...process.env, HTTPS_PROXY: `http://127.0.0.1:${this.port}`, NO_PROXY: "", no_proxy: "" };
  }
}
