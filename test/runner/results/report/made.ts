import type { ReportedRun } from "../../../../runner/results/report/head";
import type { Sample } from "../../../../runner/types";
import { finishedRecord, rows, sampleAt } from "../make";

/** A good run of a minute, whose samples differ from second to second. */
export function madeRun(more: Partial<ReportedRun> = {}): ReportedRun {
  const samples = Array.from({ length: 61 }, (_, t) =>
    sampleAt(t, {
      ...(t < 3 ? { rps: 0, requests: 0, p50: null, p95: null, p99: null } : { rps: 40 + (t % 7), p95: 8 + (t % 5) }),
      ...(t > 57 ? { phase: "stop", users: 0 } : {}),
    }),
  );
  const record = finishedRecord(["p95<500", "fail_ratio<0.05"]);
  return { name: "20261124T111205Z-script1", record, samples, requests: rows, ...more };
}

/** Samples of a long run with many workers: a peak of 4,321 ms in a single one, and a minute without an answer. */
export function longSamples(seconds: number, workers: number): Sample[] {
  const names = Array.from({ length: workers }, (_, worker) => `locust-worker-7d9f8b6c5-${worker}`);
  return Array.from({ length: seconds }, (_, t) =>
    sampleAt(t, {
      phase: t < 120 ? "ramp" : "hold",
      rps: 900 + 50 * Math.sin(t / 3),
      requests: t * 900,
      p50: t >= 600 && t < 660 ? null : 20 + (t % 11),
      p95: t >= 600 && t < 660 ? null : t === 777 ? 4321 : 80 + (t % 13),
      p99: t >= 600 && t < 660 ? null : t === 777 ? 4321 : 90 + (t % 17),
      workerCpu: Object.fromEntries(names.map((name, worker) => [name, 0.3 + ((t * worker) % 40) / 100])),
    }),
  );
}

/** What a script, or whoever it loads, may call things. */
export const hostile: readonly string[] = [
  '</script><script>window.pwned = "script"</script>',
  "</title></style><img src=x onerror=\"window.pwned = 'image'\">",
  "\" onmouseover=\"window.pwned = 'attribute'\" x='",
  "<!-- <script> --!> ]]> &lt;b&gt; \u2028 \u2029 {{pwned}} \\u003cb\\u003e",
  `/long/${"x".repeat(400)}`,
];

/** A run in which everything that a stranger may name has a hostile name. */
export function hostileRun(): ReportedRun {
  const run = madeRun();
  const { record } = run;
  const integrity = record.integrity;
  if (integrity === null) throw new Error("it has a load");
  const [script = ""] = hostile;
  const workerCpu = Object.fromEntries(hostile.map((name) => [name, 0.5]));
  const lost = hostile.map((name, index) => ({ name, t: 10 * (index + 1) }));
  return {
    name: script,
    record: {
      ...record,
      ...{ script, target: script, stack: script, reasons: hostile, warnings: hostile },
      thresholds: hostile.map((threshold) => ({
        ...{ threshold, request: threshold, metric: "p95", operator: "<", limit: 5 },
        ...{ actual: null, passed: false, note: threshold },
      })),
      asked: { ...record.asked, shape: script },
      versions: { loadtest: script, locust: script, python: script, node: script },
      integrity: { ...integrity, ok: false, problems: hostile, workers: { asked: 2, lost } },
    },
    samples: run.samples.map((sample) => ({ ...sample, workerCpu })),
    requests: run.requests.flatMap((row) => (row.method === "" ? [row] : hostile.map((name) => ({ ...row, name })))),
  };
}
