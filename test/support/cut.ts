import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { parse, stringify } from "yaml";

/** A way to the API server that can be cut: a proxy for its TCP connections, on this machine. */
export class CuttableServer {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  /** Refuses new connections while true. */
  down = false;

  /** Writes a kubeconfig that goes this way. */
  async start(kubeconfig: string, copy: string): Promise<void> {
    const config = parse(readFileSync(kubeconfig, "utf8"));
    const cluster = config.clusters[0].cluster as { server: string };
    const { hostname, port } = new URL(cluster.server);
    this.server = createServer((client) => {
      if (this.down) {
        client.destroy();
        return;
      }
      const upstream = connect(Number(port), hostname);
      client.pipe(upstream).pipe(client);
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.sockets.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => {
          this.sockets.delete(socket);
          other.destroy();
        });
      }
    });
    await new Promise<void>((resolve) => this.server?.listen(0, "127.0.0.1", resolve));
    cluster.server = `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    writeFileSync(copy, stringify(config), { mode: 0o600 });
  }

  /** Breaks every connection; gives how many there were. */
  cut(): number {
    const count = this.sockets.size / 2;
    for (const socket of this.sockets) socket.resetAndDestroy();
    return count;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => (this.server === undefined ? resolve(undefined) : this.server.close(resolve)));
  }
}
