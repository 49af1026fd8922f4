import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ResourceListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { root, sharedCache } from "./cli";
import { killAll, markerName, newMarker } from "./processes";

/** What a tool gives. */
export interface ToolEnd {
  readonly isError: boolean;
  /** Of its first content. */
  readonly text: string;
  /** Addresses that it links to. */
  readonly links: readonly string[];
  readonly exitCode?: number | null;
  readonly meaning?: string;
  readonly result?: unknown;
  readonly messages?: readonly string[];
}

type CallOptions = Parameters<Client["callTool"]>[2];

/** `loadtest mcp` with the SDK's own client. */
export class McpSession {
  /** In the environment of all that the server starts. */
  readonly marker = newMarker();
  readonly client = new Client({ name: "tests", version: "1" });
  /** How many times the server said that its list of resources is another. */
  changes = 0;
  stderr = "";
  private readonly transport: StdioClientTransport;

  private constructor(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.transport = new StdioClientTransport({
      command: process.execPath,
      args: [join(root, "bin", "loadtest.js"), "mcp", ...args],
      cwd,
      env: { ...(env as Record<string, string>), LOADTEST_CACHE: sharedCache, [markerName]: this.marker },
      stderr: "pipe",
    });
    this.transport.stderr?.on("data", (data) => {
      this.stderr += data;
    });
    this.client.setNotificationHandler(ResourceListChangedNotificationSchema, () => {
      this.changes += 1;
    });
  }

  /** @param env variables beside this process's */
  static async open(cwd: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<McpSession> {
    const session = new McpSession(cwd, args, { ...process.env, ...env });
    await session.client.connect(session.transport);
    return session;
  }

  /** The server's process. */
  get pid(): number {
    if (this.transport.pid === null) throw new Error("the server is gone");
    return this.transport.pid;
  }

  async tools(): Promise<string[]> {
    return (await this.client.listTools()).tools.map(({ name }) => name);
  }

  async call(name: string, args: Record<string, unknown> = {}, options: CallOptions = {}): Promise<ToolEnd> {
    const all = { timeout: 60_000, ...options };
    const {
      content,
      structuredContent,
      isError = false,
    } = await this.client.callTool({ name, arguments: args }, undefined, all);
    const blocks = content as readonly { readonly text?: string; readonly uri?: string }[];
    const links = blocks.flatMap(({ uri }) => uri ?? []);
    return { isError: isError === true, text: blocks[0]?.text ?? "", links, ...(structuredContent as object) };
  }

  /** The text of a resource. */
  async read(uri: string): Promise<string> {
    const { contents } = await this.client.readResource({ uri });
    const [only] = contents;
    if (only === undefined || contents.length !== 1 || !("text" in only)) throw new Error(`${uri} is no text`);
    return only.text;
  }

  async close(): Promise<void> {
    await this.client.close();
    killAll(this.marker);
  }
}
