import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A target that holds its answers while it is paused, and counts by path what it was asked. */
export class PausingTarget {
  readonly asked = new Map<string, number>();
  /** How many there were so far; each user has its own. */
  connections = 0;
  private held: ServerResponse[] = [];
  private paused = false;
  private readonly server: Server = createServer((request, response) => {
    const path = request.url ?? "";
    this.asked.set(path, (this.asked.get(path) ?? 0) + 1);
    if (this.paused) this.held.push(response);
    else response.end("hello");
  });

  async listen(): Promise<void> {
    this.server.on("connection", () => this.connections++);
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  pause(): void {
    this.paused = true;
  }

  goOn(): void {
    this.paused = false;
    for (const response of this.held.splice(0)) response.end("hello");
  }

  close(): void {
    this.goOn();
    this.server.closeAllConnections();
    this.server.close();
  }
}
