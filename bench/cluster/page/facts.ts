/** Single numbers that the page's sentences have. Pure. */
import { all, guidance, guidanceTls, nameOf } from "../configurations";
import { masterWorkers } from "../master";
import type { Results } from "../results";
import { digits, type Spread, spreadText } from "../statistics";
import { capacityFigures, masterFigures, memoryFigures, variantFigures } from "./figures";

export function facts(results: Results): Readonly<Record<string, string>> {
  const { machines, date } = results;
  const figures = capacityFigures(results);
  const best = figures
    .filter(({ configuration }) => !configuration.tls)
    .toSorted((a, b) => (b.toGuidance?.median ?? 0) - (a.toGuidance?.median ?? 0))[0];
  const rounds = (part: readonly { readonly round: number }[]) => `${new Set(part.map(({ round }) => round)).size}`;
  return {
    machine: machines
      .map(({ cores, cpu, memory, kernel, kubernetes, locust, node }) =>
        [
          `${cores} cores of ${cpu}, ${memory} GiB, Linux ${kernel},`,
          `Kubernetes ${kubernetes}, Locust ${locust}, Node ${node}`,
        ].join(" "),
      )
      .join("; and on "),
    date,
    guidance: nameOf(guidance),
    guidanceTls: nameOf(guidanceTls),
    best: best === undefined ? "–" : nameOf(best.configuration),
    bestRatio: spreadText(best?.toGuidance, digits),
    ...byName(results),
    "rounds:capacity": least(figures.flatMap(({ configuration, rps }) => (configuration.tls ? [] : [rps]))),
    "rounds:tls": least(figures.flatMap(({ configuration, rps }) => (configuration.tls ? [rps] : []))),
    "rounds:memory": least(memoryFigures(results).map(({ peak }) => peak)),
    "rounds:master": rounds(results.master),
    "rounds:start": rounds(results.start),
    "rounds:profile": rounds(results.profile),
  };
}

/** Rounds of what was measured least often. */
function least(spreads: readonly (Spread | undefined)[]): string {
  return `${Math.min(...spreads.map((spread) => spread?.rounds ?? 0))}`;
}

/** What sentences say of one configuration, or of the smaller master with a number of workers. */
function byName(results: Results): Readonly<Record<string, string>> {
  const [figures, variants, masters] = [capacityFigures(results), variantFigures(results), masterFigures(results)];
  const facts: Record<string, string> = {};
  for (const name of all.map(nameOf)) {
    const one = figures.find(({ configuration }) => nameOf(configuration) === name);
    const variant = variants.find(({ configuration }) => nameOf(configuration) === name);
    facts[`ratio:${name}`] = spreadText(one?.toGuidance);
    facts[`users:${name}`] = spreadText(one?.users);
    facts[`variant-users:${name}`] = spreadText(variant?.users);
  }
  for (const workers of masterWorkers) {
    const one = masters.find((master) => master.workers === workers);
    facts[`master-cpu:${workers}`] = spreadText(one?.cpu);
    facts[`master-memory:${workers}`] = spreadText(one?.memory);
  }
  return facts;
}
