/** Prints the `config:` of `Pulumi.yaml`: npx tsx settings/project/print-pulumi-yaml.ts */
import { stringify } from "yaml";
import { configDeclarations } from "./pulumi-yaml";

console.log(stringify({ config: configDeclarations() }, { lineWidth: 0 }));
