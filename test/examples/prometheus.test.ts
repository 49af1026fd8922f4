import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { service } from "../../components/locust/workload";
import { root } from "../support/cli";
import { dashboard, queriesOf } from "../support/grafana";
import { needs } from "../support/needs";
import { removeProjects, temporaryFolder } from "../support/project";

const list: { name: string; type: string }[] = require(join(root, "locust/plugin/loadtest/metrics.json"));

describe("examples/prometheus", () => {
  after(removeProjects);

  describe("the Grafana dashboard", () => {
    const all = dashboard();
    const { panels } = all;

    it("asks who imports it for a Prometheus, and takes all from there", () => {
      expect(all).to.include({ id: null, schemaVersion: 38 });
      expect(all.__inputs.map(({ name, pluginId }) => [name, pluginId])).to.deep.equal([
        ["DS_PROMETHEUS", "prometheus"],
      ]);
      const source = { type: "prometheus", uid: `$\{DS_PROMETHEUS}` };
      for (const { datasource } of [...panels, ...panels.flatMap(({ targets }) => targets), ...all.templating.list]) {
        expect(datasource).to.deep.equal(source);
      }
      const kinds = all.__requires.filter(({ type }) => type === "panel").map(({ id }) => id);
      expect(kinds).to.have.members([...new Set(panels.map(({ type }) => type))]);
    });

    it("has panels that lie beside each other", () => {
      expect(new Set(panels.map(({ id }) => id)).size).to.equal(panels.length);
      const taken = new Set<string>();
      for (const { title, gridPos } of panels) {
        expect(gridPos.x + gridPos.w, title).to.be.at.most(24);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            expect(taken.has(`${x},${y}`), `${title} lies on another`).to.equal(false);
            taken.add(`${x},${y}`);
          }
        }
      }
    });

    it("asks for metrics that there are, of the masters that are chosen", () => {
      const known = list.flatMap(({ name, type }) => (type === "histogram" ? [`${name}_bucket`] : [name]));
      for (const { title, targets } of panels) {
        for (const { expr } of targets) {
          const asked = expr.match(/locust_\w+\{[^}]*\}?/g) ?? [];
          expect(asked, title).not.to.be.empty;
          expect(known, title).to.include.members((expr.match(/locust_\w+/g) ?? []).slice());
          for (const one of asked) expect(one, title).to.include('instance=~"$instance"');
        }
      }
    });

    describe("as Prometheus' own tool reads it", () => {
      needs("prometheus");

      it("has right queries", () => {
        const rules = queriesOf(dashboard(), "1m").map(({ query }, index) => ({
          record: `query:${index}`,
          expr: query,
        }));
        const file = join(temporaryFolder(), "rules.yml");
        writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
        const { status, stdout, stderr } = spawnSync("promtool", ["check", "rules", file], { encoding: "utf8" });
        expect(status, `${stdout}${stderr}`).to.equal(0);
        expect(stdout).to.include(`${rules.length} rules found`);
      });
    });
  });

  it("has a ServiceMonitor that finds the master's Service and its port", () => {
    const { kind, spec } = parse(readFileSync(join(root, "examples/prometheus/service-monitor.yaml"), "utf8"));
    expect(kind).to.equal("ServiceMonitor");
    const made = service("locust") as { metadata: { labels: object }; spec: { ports: { name: string }[] } };
    expect(made.metadata.labels).to.include(spec.selector.matchLabels);
    for (const { port, path } of spec.endpoints) {
      expect(made.spec.ports.map(({ name }) => name)).to.include(port);
      expect(path).to.equal("/metrics");
    }
  });
});
