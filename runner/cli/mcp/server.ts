import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import {
  CallToolRequestSchema,
  type CallToolResult,
  ListToolsRequestSchema,
  type ServerNotification,
  type Tool as ToolDescription,
} from "@modelcontextprotocol/sdk/types.js";
import type { Command } from "commander";
import { z } from "zod";
import { loadtestVersion } from "../../../settings/package-root";
import { isObject } from "../../../settings/values/object";
import { messageOf } from "../../errors";
import { listRuns } from "../../results/history";
import { Children } from "./children";
import { leftOutCommands, offers } from "./offers";
import { addResources, runUri } from "./resources";
import { describeIssues, outputSchema, refusal, resultOf, told } from "./results";
import { type Fixed, type Input, type Tool, toolsOf } from "./tools";

export interface ServerOptions {
  /** The command line whose commands are offered. */
  readonly program: Command;
  /** Folder that commands run in. */
  readonly directory: string;
  /** Absolute path of the folder of results. */
  readonly results: string;
  readonly allowRun: boolean;
  readonly fixed: Fixed;
  /** What a client is told about the server as a whole. */
  readonly instructions: string;
}

/** What a request has beside its parameters. */
interface Extra {
  readonly signal: AbortSignal;
  readonly _meta?: { readonly progressToken?: string | number | undefined } | undefined;
  sendNotification(notification: ServerNotification): Promise<void>;
}

/** Serves a client on standard input and output; the promise ends once all is ended that was started for it. */
export async function serve(options: ServerOptions, gone: AbortSignal): Promise<void> {
  const { program, directory, results, allowRun, fixed, instructions } = options;
  const server = new McpServer({ name: "loadtest", version: loadtestVersion() }, { instructions });
  const children = new Children({ directory });
  addResources(server, results);
  addTools(server, new Tools(toolsOf(program, fixed, allowRun), children, server, results));
  const over = new Promise<void>((resolve) => {
    server.server.onclose = resolve;
    // The SDK's transport does not look at the end of its input.
    process.stdin.once("end", resolve).once("close", resolve);
    process.stdout.once("error", () => resolve());
    gone.addEventListener("abort", () => resolve(), { once: true });
    if (gone.aborted) resolve();
  });
  await server.connect(new StdioServerTransport());
  await over;
  await children.close();
  await server.close();
}

/**
 * Tools go without the SDK's own registration: its answers to wrong input are many lines of JSON, and it knows no tool
 * that is there and not offered.
 */
function addTools({ server }: McpServer, tools: Tools): void {
  server.registerCapabilities({ tools: {} });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools.descriptions() }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) =>
    tools.call(params.name, params.arguments ?? {}, extra),
  );
}

/** The tool that loads a target now. */
interface Loading {
  readonly name: string;
  readonly stop: AbortController;
  /** Aborted once it is to end, be it by `stop` or by its client. */
  readonly signal: AbortSignal;
  readonly ended: Promise<unknown>;
}

class Tools {
  private loading: Loading | undefined;

  constructor(
    private readonly tools: readonly Tool[],
    private readonly children: Children,
    private readonly server: McpServer,
    private readonly results: string,
  ) {}

  descriptions(): ToolDescription[] {
    return this.tools.map(({ name, summary, description, input, offer }) => ({
      name,
      title: summary,
      description,
      inputSchema: jsonSchema(input),
      outputSchema: jsonSchema(outputSchema),
      annotations: { readOnlyHint: offer.kind === "look", destructiveHint: offer.kind === "load", openWorldHint: true },
    }));
  }

  async call(name: string, input: unknown, extra: Extra): Promise<CallToolResult> {
    const tool = this.tools.find((one) => one.name === name);
    if (tool === undefined) return refusal(this.whyNot(name));
    const read = tool.input.safeParse(input);
    if (!read.success) return refusal(`${name} was not started:\n${describeIssues(read.error, input)}`);
    if (name === "stop" && this.loading !== undefined && Object.keys(read.data).length === 0) {
      this.loading.stop.abort();
      return told(`${this.loading.name} was told to end in good order; the answer to its request has the result`);
    }
    if (tool.offer.exclusive !== true) return this.run(tool, read.data, extra, extra.signal);
    while (this.loading !== undefined) {
      const { name: other, signal, ended } = this.loading;
      if (!signal.aborted) {
        return refusal(`${name} was not started: ${other} is going on; stop ends it, or wait for its end`);
      }
      await ended;
    }
    const stop = new AbortController();
    const signal = AbortSignal.any([extra.signal, stop.signal]);
    const result = this.run(tool, read.data, extra, signal).finally(() => {
      this.loading = undefined;
    });
    this.loading = { name, stop, signal, ended: result };
    return result;
  }

  private async run(tool: Tool, input: Input, extra: Extra, stop: AbortSignal): Promise<CallToolResult> {
    const progressToken = extra._meta?.progressToken;
    let progress = 0;
    const onLine = (message: string) => {
      if (progressToken === undefined) return;
      progress += 1;
      const params = { progressToken, progress, message };
      // The client may be gone.
      extra.sendNotification({ method: "notifications/progress", params }).catch(() => undefined);
    };
    try {
      const result = resultOf(await this.children.run(tool.args(input), stop, onLine), tool.offer);
      if (tool.offer.kind === "load") this.server.sendResourceListChanged();
      const link = this.linkTo(result.structuredContent?.result);
      return link === undefined ? result : { ...result, content: [...result.content, link] };
    } catch (error) {
      return refusal(messageOf(error));
    }
  }

  private whyNot(name: string): string {
    if (Object.hasOwn(offers, name)) {
      return `${name} starts, changes or ends load, which this server may not: it was started without --allow-run`;
    }
    const why = Object.hasOwn(leftOutCommands, name) ? leftOutCommands[name] : undefined;
    const there = `there is ${this.tools.map((tool) => tool.name).join(", ")}`;
    return why === undefined ? `there is no tool ${name}; ${there}` : `${name} is not offered: ${why}; ${there}`;
  }

  /** Where the run is whose record a command has printed. */
  private linkTo(record: unknown) {
    if (!isObject(record) || typeof record.startedAt !== "string") return undefined;
    const run = listRuns(this.results).find(
      ({ startedAt, record: own }) => startedAt === record.startedAt && own?.script === record.script,
    );
    if (run === undefined) return undefined;
    return { type: "resource_link" as const, uri: runUri(run.name), name: run.name, mimeType: "application/json" };
  }
}

function jsonSchema(schema: z.ZodObject): ToolDescription["inputSchema"] {
  // Draft 7, which every client reads; the type of an object's schema is always "object".
  return z.toJSONSchema(schema, { target: "draft-7", io: "input" }) as ToolDescription["inputSchema"];
}
