import type { Command } from "commander";
import { clusterOptions, limitOptions, maxCostOption, resultsOption } from "../options";

type Done = (code: number) => void;

/** `loadtest mcp`; `done` gets its exit code. */
export function addMcp(program: Command, done: Done): void {
  const command = program
    .command("mcp")
    .summary("the commands as tools for AI agents: an MCP server on standard input and output")
    .description(
      "Offers the commands as tools, and saved runs as resources, to a client of the Model Context Protocol, until that " +
        "is gone. Tools only look, unless --allow-run lets them start, scale and stop load, within the limits that are " +
        "said here. What is said here, no client changes.",
    )
    .option("--allow-run", "offer what loads a target, too: run, capacity, size, start, scale, stop");
  clusterOptions(command, "the Pulumi stack of all tools; left out, the client's choice");
  resultsOption(command, "folder of the runs");
  limitOptions(maxCostOption(command), {
    allowedHosts: "127.0.0.1,localhost,::1",
    maxUsers: "100",
    maxWorkers: "10",
    maxArrivalRate: "100",
    maxRunTime: "1h",
  });
  command
    .addHelpText(
      "after",
      `
A client's configuration, as most take it:
  {"mcpServers": {"loadtest": {"command": "npx", "args": ["loadtest", "mcp"]}}}

Examples:
  loadtest mcp
  loadtest mcp --allow-run
  loadtest mcp --stack dev --allow-run --allowed-hosts preview.example.com --max-users 200

Exit codes:
  0  the client is gone, and all is ended that it had started
  2  wrong usage`,
    )
    .action(async (options) => done(await (await import("../commands/mcp.js")).mcpCommand(options, program)));
}
