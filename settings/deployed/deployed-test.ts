/** What is written on the Deployments of a load test about it: LocustDeployment writes it, the command line reads it. */
import { z } from "zod";
import { httpClients } from "../locust-names";
import { arrivalSpacings } from "../values/arrivals";

/** The annotation of both Deployments that holds a TestDescription, as JSON. */
export const testAnnotation = "serverless-load-testing/test";

/** The container of Locust in the pods. */
export const containerName = "locust";

const text = z.string().min(1);
const scriptRun = z.object({
  /** File name of a script. */
  script: text,
  /** The script's own arguments by name, as texts. */
  scriptArguments: z.record(z.string(), z.string()).readonly().prefault({}),
  /** How requests of its HttpUsers are made; left out, "auto". */
  httpClient: z.enum(httpClients).optional(),
});
/** Cores, or MiB; left out where nothing limits it. */
const size = z.number().positive().optional();

export const testDescription = scriptRun.extend({
  /** Grows when a field changes its meaning. */
  version: z.literal(1),
  /** The scripts that there are; left out where nobody knows, as in an image. */
  scripts: z.array(text).readonly().optional(),
  /** Users, and users started a second, that Locust's web UI proposes. Default to Locust's 1. */
  users: z.number().min(0).prefault(1),
  spawnRate: z.number().min(0).prefault(1),
  /** As Locust writes it; left out where nothing limits a run. */
  runTime: text.optional(),
  /** Iterations started a second, or stages of that; left out where users wait as the script says. */
  arrivalRate: text.optional(),
  arrivalSpacing: z.enum(arrivalSpacings).optional(),
  /** Left out where the script has the target, or the run will. */
  targetHost: text.optional(),
  /** Hosts that load may be aimed at; left out, any. */
  allowedHosts: z.array(text).readonly().optional(),
  workerCpu: size,
  workerMemory: size,
  controlCpu: size,
  controlMemory: size,
  /** Of what has deployed it; that of Locust where the image is Locust's own. */
  versions: z.object({ loadtest: text, locust: text.optional() }).optional(),
  /** Where the token is that changing requests must carry. */
  tokenSecret: z.object({ name: text, key: text.prefault("token") }),
  /** Name of the ConfigMap that the scripts are in; left out where they are in the image. */
  scriptsConfigMap: text.optional(),
  /** Whether modules come from Locust's own image and that ConfigMap, and from nowhere else. */
  knownModules: z.boolean().prefault(false),
  /**
   * What was deployed, where a command has changed any of these since, and the value of `LOADTEST_SCRIPT`
   * as it stood there. Whoever deploys anew leaves it out.
   */
  before: scriptRun.extend({ variable: z.string() }).optional().catch(undefined),
});

/** A script, its own arguments, and the client that it gets. */
export type ScriptRun = Readonly<z.infer<typeof scriptRun>>;

/** What is deployed. */
export type TestDescription = Readonly<z.infer<typeof testDescription>>;
