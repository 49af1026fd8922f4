import { z } from "zod";
import { runRecordSchema } from "./run-record";

/**
 * The JSON Schema of `run.json`. It allows more fields than it names, so that what reads version 1 still
 * reads it when there are more. To write it anew:
 * `npx tsx runner/results/print-schema.ts | npx biome format --stdin-file-path=run.schema.json > schema/run.schema.json`
 */
export function runJsonSchema(): Record<string, unknown> {
  return { title: "A run of loadtest: run.json", ...z.toJSONSchema(runRecordSchema, { io: "input" }) };
}

if (require.main === module) {
  process.stdout.write(`${JSON.stringify(runJsonSchema(), undefined, 2)}\n`);
}
