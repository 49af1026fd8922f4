/** Arguments and environment of Locust's master and workers: one pure function, for processes and for pods. */
import { join } from "node:path/posix";
import type { ScriptRun } from "./deployed/deployed-test";
import type { HttpClient } from "./locust-names";
import { type ArrivalSpacing, askedArrivals, isInStages, runSeconds, stagesMarginSeconds } from "./values/arrivals";

/** The version of Locust that all this is made for; `locust/requirements.txt` and `locust/Dockerfile` have it too. */
export const locustVersion = "2.47.0";

/** Locust's own image, which has none of the packages that scripts may need. */
export const locustImage = `docker.io/locustio/locust:${locustVersion}`;

/** The same with OpenTelemetry's packages. */
export const locustOtelImage = `docker.io/locustio/locust-otel:${locustVersion}`;

/** The image of pods that are given none. */
export function usualImage({ otelEndpoint }: { readonly otelEndpoint?: string | undefined }): string {
  return otelEndpoint === undefined ? locustImage : locustOtelImage;
}

/** The settings that Locust's command lines depend on. */
export interface LocustSettings {
  readonly targetHost?: string | undefined;
  readonly users: number;
  readonly spawnRate: number;
  readonly runTime: string;
  /** Iterations started a second, or stages of that; left out, users wait as the script says. */
  readonly arrivalRate?: string | undefined;
  readonly arrivalSpacing?: ArrivalSpacing | undefined;
  readonly workerReplicas: number;
  readonly autostart: boolean;
  readonly environment: Readonly<Record<string, string>>;
  /** The script's own arguments by name, as texts. */
  readonly scriptArguments?: Readonly<Record<string, string>> | undefined;
  /** How requests of HttpUser are made; left out, "auto". */
  readonly httpClient?: HttpClient | undefined;
  /** Hosts that load may be aimed at; left out, any. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Seconds between two lines of metrics in the master's log; left out, there are none. */
  readonly metricsLogSeconds?: number | undefined;
  /** Collector that OpenTelemetry's traces go to; left out, there are none. */
  readonly otelEndpoint?: string | undefined;
}

/** Where master and workers live, and how they find each other. Paths are those that Locust sees. */
export interface LocustPlacement {
  /** The folder of the plugin, a Python package whose `__main__.py` starts Locust with it and the script. */
  readonly plugin: string;
  /** File name of the script, in the working folder. */
  readonly script: string;
  /** Address that the master's web UI and its port for workers listen on; `0.0.0.0` in a pod. */
  readonly bindHost: string;
  /** Name or address under which workers reach the master. */
  readonly masterHost: string;
  readonly masterPort: number;
  readonly webPort: number;
}

export interface LocustCommand {
  /** Python's own arguments: what starts Locust. */
  readonly python: readonly string[];
  /** Locust's arguments. */
  readonly args: readonly string[];
  /** Environment variables, without secrets. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Seconds that users get at the end of a run to finish the task they are in. Without it Locust cuts requests off
 * that the target has already counted, and totals differ.
 */
export const stopTimeoutSeconds = 10;

/**
 * A worker stays away for the stop timeout plus this many seconds after each run, and a start in that time does
 * nothing. All but one second of it can be done without: its users have ended before it.
 */
const waitBeforeReady = "LOCUST_WORKER_ADDITIONAL_WAIT_BEFORE_READY_AFTER_STOP";

/** Variables that the plugin reads; their values are set by whoever starts Locust. */
export const pluginVariables = {
  /** The token that state-changing requests must carry: a secret. */
  token: "LOADTEST_TOKEN",
  /** Hosts that load may be aimed at, with commas between them. */
  allowedHosts: "LOADTEST_ALLOWED_HOSTS",
  /** Seconds between two lines of metrics in the master's log. */
  metricsLogSeconds: "LOADTEST_METRICS_LOG_SECONDS",
  /** The name under which a worker shows up in the status. */
  workerName: "LOADTEST_WORKER_NAME",
  /** The script, its own arguments and its client, see `scriptText`. */
  script: "LOADTEST_SCRIPT",
  /** Number of a descriptor whose end of file ends the process. */
  lifeline: "LOADTEST_LIFELINE_FD",
} as const;

/** The value of `LOADTEST_SCRIPT`: JSON, the same text for the same script, arguments and client. */
export function scriptText({ script, scriptArguments, httpClient = "auto" }: ScriptRun): string {
  const names = Object.keys(scriptArguments).sort();
  const text = JSON.stringify({
    script,
    arguments: Object.fromEntries(names.map((name) => [name, scriptArguments[name]])),
    ...(httpClient === "auto" ? {} : { httpClient }),
  });
  // Kubernetes would replace `$(NAME)`.
  return text.replaceAll("$", "\\u0024");
}

/** Makes the command lines of the master and of every worker. */
export function locustCommands(
  settings: LocustSettings,
  placement: LocustPlacement,
): { readonly master: LocustCommand; readonly worker: LocustCommand } {
  // -P: a folder called `locust` beside the script must not stand in for the package.
  const python = ["-P", join(placement.plugin, "__main__.py")];
  // A worker with failures that it has not reported yet would exit 1 on SIGTERM, and look crashed in a rollout.
  const exitCode = ["--exit-code-on-error", "0"];
  const host = settings.targetHost === undefined ? [] : ["--host", settings.targetHost];
  const { script } = placement;
  const { otelEndpoint, scriptArguments = {}, httpClient } = settings;
  const otel = otelEndpoint === undefined ? [] : ["--otel"];
  const env = {
    // By OpenTelemetry's specification for all signals; whoever has more to say does so in the environment.
    ...(otelEndpoint !== undefined && { OTEL_EXPORTER_OTLP_ENDPOINT: otelEndpoint }),
    ...settings.environment,
    PYTHONUNBUFFERED: "1",
    [pluginVariables.script]: scriptText({ script, scriptArguments, httpClient }),
  };
  return {
    master: {
      python,
      args: [
        "--master",
        // A script may change Locust's defaults, and without its web UI there is no run.
        "--headful",
        ...["--master-bind-host", placement.bindHost, "--master-bind-port", String(placement.masterPort)],
        ...["--web-host", placement.bindHost, "--web-port", String(placement.webPort)],
        // Without it a killed worker's users are missing for about 65 s. There is no variable for it.
        "--enable-rebalancing",
        ...["--stop-timeout", String(stopTimeoutSeconds)],
        ...["--users", String(settings.users), "--spawn-rate", String(settings.spawnRate)],
        ...["--run-time", limitOf(settings)],
        ...arrivalArguments(settings),
        ...host,
        ...(settings.autostart
          ? ["--autostart", "--expect-workers", String(Math.max(1, settings.workerReplicas))]
          : []),
        ...exitCode,
        ...otel,
      ],
      env: {
        ...env,
        ...(settings.allowedHosts && { [pluginVariables.allowedHosts]: settings.allowedHosts.join(",") }),
        ...(settings.metricsLogSeconds && {
          [pluginVariables.metricsLogSeconds]: String(settings.metricsLogSeconds),
        }),
      },
    },
    worker: {
      python,
      args: [
        "--worker",
        ...["--master-host", placement.masterHost, "--master-port", String(placement.masterPort)],
        ...host,
        ...exitCode,
        ...otel,
      ],
      env: { ...env, [waitBeforeReady]: String(1 - stopTimeoutSeconds) },
    },
  };
}

/** Locust's own limit of a run. The plugin ends one in stages, when they are over. */
function limitOf(settings: LocustSettings): string {
  const { runTime, arrivalRate } = settings;
  return isInStages(arrivalRate) ? `${runSeconds(settings) + stagesMarginSeconds}s` : runTime;
}

function arrivalArguments(settings: LocustSettings): readonly string[] {
  const arrivals = askedArrivals(settings);
  return arrivals === undefined ? [] : ["--arrival-rate", arrivals.rate, "--arrival-spacing", arrivals.spacing];
}
