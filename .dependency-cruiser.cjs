/** Which way imports flow: settings ← components ← index.ts, and settings ← runner, from its plain parts to its commands. */
const rooms = ["types", "errors", "verdict", "results", "engine", "places", "cli"];

/** A room of the runner may import those before it. */
function runnerRule(room, index) {
  const later = rooms.slice(index + 1);
  return {
    name: `runner-${room}-imports-earlier-rooms`,
    comment: `runner/${room} is below ${later.join(", ")}`,
    severity: "error",
    from: { path: `^runner/${room}(\\.ts$|/)` },
    to: { path: `^runner/(${later.join("|")})(\\.ts$|/)` },
  };
}

module.exports = {
  forbidden: [
    { name: "no-circles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "settings-import-nothing-of-ours",
      severity: "error",
      from: { path: "^settings/" },
      to: { path: "^(components|runner|test|bench|index\\.ts)" },
    },
    {
      name: "cost-is-below-readers",
      comment:
        "What things cost is arithmetic on settings that are read already: no files, no texts of the command line",
      severity: "error",
      from: { path: "^settings/cost/" },
      to: { path: "^(settings/(project|scripts)/|settings/(parse|pulumi-config)\\.ts$|node_modules/(?!zod/)|fs|os$)" },
    },
    {
      name: "settings-are-pure",
      comment: "Only the reader of the program's config knows Pulumi: the command line must start fast, and without it",
      severity: "error",
      from: { path: "^(settings|runner)/", pathNot: "^settings/pulumi-config\\.ts$" },
      to: { path: "node_modules/@pulumi/" },
    },
    {
      name: "command-line-without-pulumi-config",
      severity: "error",
      from: { path: "^runner/" },
      to: { path: "^settings/pulumi-config\\.ts$" },
    },
    {
      name: "components-apart-from-runner",
      severity: "error",
      from: { path: "^(components/|index\\.ts)" },
      to: { path: "^runner/" },
    },
    {
      name: "runner-apart-from-components",
      severity: "error",
      from: { path: "^runner/" },
      to: { path: "^(components/|index\\.ts)" },
    },
    {
      name: "demo-stands-alone",
      severity: "error",
      from: { path: "^runner/demo/" },
      to: { path: "^(runner/(?!demo/)|settings/)" },
    },
    {
      name: "product-without-tests",
      severity: "error",
      from: { pathNot: "^(test|bench)/" },
      to: { path: "^(test|bench)/" },
    },
    {
      name: "aws-stands-alone",
      comment: "Calls to AWS know nothing of runs; only commands make them",
      severity: "error",
      from: { path: "^runner/aws/" },
      to: { path: "^runner/(?!aws/|errors\\.ts$|types\\.ts$)" },
    },
    {
      name: "aws-for-commands-only",
      comment: "The SDK is loaded where a stack is on AWS, and nowhere else",
      severity: "error",
      from: { path: "^(settings|components|runner|index\\.ts)", pathNot: "^runner/(aws|cli)/" },
      to: { path: "^runner/aws/" },
    },
    {
      name: "aws-sdk-in-its-room",
      severity: "error",
      from: { path: "^(settings|components|runner|index\\.ts)", pathNot: "^runner/aws/" },
      to: { path: "node_modules/@aws-sdk/" },
    },
    {
      name: "mcp-sdk-in-its-room",
      comment: "It is loaded for `loadtest mcp` alone: no other command waits for it",
      severity: "error",
      from: { path: "^(settings|components|runner|index\\.ts)", pathNot: "^runner/cli/mcp/" },
      to: { path: "node_modules/@modelcontextprotocol/" },
    },
    ...rooms.slice(0, -1).map(runnerRule),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { extensions: [".ts", ".js"] },
  },
};
