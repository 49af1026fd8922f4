import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./cli";

interface Source {
  readonly type: string;
  readonly uid: string;
}

/** A Grafana dashboard, as far as tests look at it. */
export interface Dashboard {
  readonly __inputs: readonly { readonly name: string; readonly type: string; readonly pluginId: string }[];
  readonly __requires: readonly { readonly type: string; readonly id: string }[];
  readonly id: null;
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly { readonly name: string; readonly datasource: Source }[] };
  readonly panels: readonly {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly datasource: Source;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets: readonly { readonly refId: string; readonly expr: string; readonly datasource: Source }[];
  }[];
}

/** The dashboard that users import. */
export function dashboard(): Dashboard {
  return JSON.parse(readFileSync(join(root, "examples/prometheus/grafana-dashboard.json"), "utf8"));
}

/** Its queries with what Grafana puts in: all masters, and rates over this long. */
export function queriesOf(
  { panels }: Dashboard,
  interval: string,
): { readonly title: string; readonly query: string }[] {
  return panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => ({
      title,
      query: expr.replaceAll("$instance", ".*").replaceAll("$__rate_interval", interval),
    })),
  );
}
