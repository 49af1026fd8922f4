/** Single numbers that the page's sentences have. Pure. */
import { guidance, nameOf } from "../configurations";
import type { Results } from "../results";
import { digits, spreadText } from "../statistics";
import { capacityFigures } from "./figures";

export function facts(results: Results): Readonly<Record<string, string>> {
  const { machine, date } = results;
  const figures = capacityFigures(results);
  const best = figures
    .filter(({ configuration }) => !configuration.tls)
    .toSorted((a, b) => (b.toGuidance?.median ?? 0) - (a.toGuidance?.median ?? 0))[0];
  const rounds = (part: readonly { readonly round: number }[]) => `${new Set(part.map(({ round }) => round)).size}`;
  return {
    machine: [
      `${machine.cores} cores of ${machine.cpu}, ${machine.memory} GiB, Linux ${machine.kernel},`,
      `Kubernetes ${machine.kubernetes}, Locust ${machine.locust}, Node ${machine.node}`,
    ].join(" "),
    date,
    guidance: nameOf(guidance),
    best: best === undefined ? "–" : nameOf(best.configuration),
    bestRatio: spreadText(best?.toGuidance, digits),
    "rounds:capacity": rounds(results.capacity),
    "rounds:memory": rounds(results.memory),
    "rounds:master": rounds(results.master),
    "rounds:start": rounds(results.start),
    "rounds:profile": rounds(results.profile),
  };
}
