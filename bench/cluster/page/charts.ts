/** The charts of the page. */
import { nameOf } from "../configurations";
import { memoryUsers } from "../memory";
import type { Results } from "../results";
import { bars, type Chart, type Charts, lines } from "./drawing";
import { capacityFigures, masterFigures, memoryFigures } from "./figures";

export function charts(results: Results): Charts {
  const figures = capacityFigures(results);
  const names = figures.map(({ configuration }) => nameOf(configuration));
  return {
    "per-dollar": bars(
      "Requests a dollar, × the guidance's worker (TLS: × the same with TLS)",
      names,
      figures.map((one) => one.toGuidance),
    ),
    users: bars(
      "Most users of between(1, 3) in time",
      names,
      figures.map((one) => one.users),
    ),
    rps: bars(
      "Highest RPS",
      names,
      figures.map((one) => one.rps),
    ),
    memory: memoryChart(results),
    master: masterChart(results),
  };
}

function memoryChart(results: Results): Chart {
  return lines(
    "Memory of a worker, MiB, by users",
    memoryFigures(results).map(({ name, memory }) => ({
      name,
      points: memoryUsers.map((users, index) => [users, memory[index]?.median ?? 0]),
    })),
  );
}

function masterChart(results: Results): Chart {
  const figures = masterFigures(results);
  const sizes = [...new Set(figures.map(({ size }) => size))];
  return lines(
    "CPU of the master, vCPU, by workers",
    sizes.map((size) => ({
      name: `held to ${size} vCPU`,
      points: figures.filter((one) => one.size === size).map(({ workers, cpu }) => [workers, cpu?.median ?? 0]),
    })),
  );
}
