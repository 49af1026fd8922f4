/** The load of a run, and what must hold for it to pass. */
import * as z from "zod";
import { checkedBy, key, readBy } from "./keys";
import { httpClients } from "./locust-names";
import { arrivalSpacings, arrivalsAllowed, parseArrivals } from "./values/arrivals";
import { durationAllowed, parseDuration } from "./values/duration";
import { parseThreshold, thresholdAllowed } from "./values/threshold";

export const loadKeys = {
  users: key(z.int().positive().prefault(100), {
    description: "Simulated users, all workers together; with arrivalRate, the most iterations under way.",
    allowed: "an integer above 0",
  }),
  spawnRate: key(z.number().positive().prefault(10), {
    description: "Users started per second until all are there.",
    allowed: "a number above 0",
  }),
  runTime: key(checkedBy(parseDuration).prefault("1m"), {
    description: "How long the test runs, the ramp included, as Locust writes it: 90s, 5m, 1h30m.",
    allowed: durationAllowed,
  }),
  arrivalRate: key(checkedBy(parseArrivals).optional(), {
    description: "Iterations started a second, whatever answers take; stages, 50/s:1m 500/s:5m, replace runTime.",
    allowed: arrivalsAllowed,
  }),
  arrivalSpacing: key(z.enum(arrivalSpacings).prefault("even"), {
    description: "Gaps between iterations with arrivalRate: even, or random as of independent visitors (poisson).",
    allowed: '"even" or "poisson"',
  }),
  thresholds: key(z.array(readBy(parseThreshold)).readonly().prefault([]), {
    description:
      "What must hold for the test to pass, such as p95<500, fail_ratio<1% or GET /path: p99<800; without any, fail_ratio<=0.5.",
    allowed: "a list of thresholds",
    items: thresholdAllowed,
  }),
  httpClient: key(z.enum(httpClients).prefault("auto"), {
    description: "Client of HttpUser: requests, as in Locust; fast, or no run starts; auto: fast wherever that can be.",
    allowed: '"auto", "requests" or "fast"',
  }),
  autostart: key(z.boolean().prefault(false), {
    description: "Start the load as soon as the workers are there, instead of on a command or in Locust's web UI.",
    allowed: "true or false",
  }),
};
