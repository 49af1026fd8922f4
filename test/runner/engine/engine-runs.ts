import type { LocustClient } from "../../../runner/engine/client";
import type { RunObserver, RunOptions, RunOutcome, RunPlan } from "../../../runner/engine/plan";
import { driveRun } from "../../../runner/engine/run";
import type { Timing } from "../../../runner/engine/timing";
import { ScriptedLocust } from "./scripted";

/** A run's times, short enough for tests. */
export const timing: Timing = {
  sample: 10,
  snapshot: 30,
  poll: 5,
  ready: 300,
  prepare: 600,
  start: 150,
  silence: 250,
  overtime: 100,
  drain: 300,
  farewell: 100,
};
export const plan: RunPlan = { users: 10, spawnRate: 100, runTime: 60, workers: 2, thresholds: [] };

/** Runs of the engine against a scripted Locust. */
export interface EngineRuns {
  readonly locust: () => ScriptedLocust;
  readonly client: () => LocustClient;
  readonly drive: (options?: Partial<RunOptions>) => Promise<RunOutcome>;
  /** Does something once a test is going on for a while. */
  readonly whenRunning: (action: () => void, ms?: number) => void;
  /** Phases, warnings and reports of this test's runs, as `observer` got them. */
  readonly events: readonly string[];
  readonly observer: RunObserver;
}

/** Gives each test of the suite around it a scripted Locust of its own. */
export function engineRuns(): EngineRuns {
  let scripted: ScriptedLocust;
  let client: LocustClient;
  const events: string[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const observer: RunObserver = {
    phase: (phase) => void events.push(phase),
    warning: (text) => void events.push(`warning: ${text}`),
    report: (html) => void events.push(html),
  };

  before(async () => {
    // A process's first run takes far longer, and these times leave no room for that.
    const first = new ScriptedLocust();
    const slow = { ...timing, start: 5000, silence: 5000 };
    setTimeout(() => first.ended(), 300);
    await driveRun({ client: await first.start(5000), plan: { ...plan, runTime: 1 }, observer, timing: slow });
    await first.close();
  });
  beforeEach(async () => {
    events.length = 0;
    scripted = new ScriptedLocust();
    client = await scripted.start();
  });
  afterEach(async () => {
    for (const timer of timers) clearTimeout(timer);
    await scripted.close();
  });

  return {
    locust: () => scripted,
    client: () => client,
    drive: (options = {}) => driveRun({ client, plan, observer, timing, ...options }),
    whenRunning: (action, ms = 120) => {
      const start = scripted.onSwarm;
      scripted.onSwarm = (form) => {
        timers.add(setTimeout(action, ms));
        return start(form);
      };
    },
    events,
    observer,
  };
}
