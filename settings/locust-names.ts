/** What Locust's command line takes, in the version of `locust.ts`: a test compares it with Locust's own parser. */

/** Variables that Locust reads. Others with `LOCUST_` at the front are a script's own. */
export const locustVariables: ReadonlySet<string> = new Set(
  [
    ...["AUTOQUIT", "AUTOSTART", "BUILD_PATH", "CONFIG_USERS", "CSV", "CSV_FULL_HISTORY", "ENABLE_OPENTELEMETRY"],
    ...["EXCLUDE_TAGS", "EXIT_CODE_ON_ERROR", "EXPECT_WORKERS", "EXPECT_WORKERS_MAX_WAIT", "HEADFUL", "HEADLESS"],
    ...["HOST", "HTML", "LEGACY_UI", "LOCUSTFILE", "LOGFILE", "LOGLEVEL", "MASTER_BIND_HOST", "MASTER_BIND_PORT"],
    ...["MASTER_NODE_HOST", "MASTER_NODE_PORT", "MODE_MASTER", "MODE_WORKER", "ONLY_SUMMARY", "PLAYWRIGHT"],
    ...["PRINT_STATS", "PROCESSES", "RESET_STATS", "RUN_TIME", "SKIP_LOG_SETUP", "SKIP_MONKEY_PATCH"],
    ...["SKIP_URLLIB3_PATCH", "SPAWN_RATE", "STOP_TIMEOUT", "TAGS", "TLS_CERT", "TLS_KEY", "USERCLASS_PICKER"],
    ...["USERS", "USER_CLASSES", "WAIT_FOR_WORKERS_REPORT_AFTER_RAMP_UP", "WEB_AUTH", "WEB_BASE_PATH", "WEB_HOST"],
    ...["WEB_HOST_DISPLAY_NAME", "WEB_LOGIN", "WEB_PORT", "WORKER_ADDITIONAL_WAIT_BEFORE_READY_AFTER_STOP"],
  ].map((name) => `LOCUST_${name}`),
);

/** How requests of HttpUser are made: by `requests`, as Locust does it, or by the plugin's way for it. */
export const httpClients = ["auto", "requests", "fast"] as const;
export type HttpClient = (typeof httpClients)[number];

/** Options of Locust, and the names of their values, with dashes between words and none at the front. */
export const locustOptions: ReadonlySet<string> = new Set([
  ...["autoquit", "autostart", "build-path", "class-picker", "config", "config-users", "csv", "csv-full-history"],
  ...["csv-prefix", "enable-rebalancing", "equal-weights", "exclude-tags", "exit-code-on-error", "expect-slaves"],
  ...["expect-workers", "expect-workers-max-wait", "headful", "headless", "help", "host", "html", "html-file", "json"],
  ...["json-file", "legacy-ui", "list", "list-commands", "locustfile", "logfile", "loglevel", "master"],
  ...["master-bind-host", "master-bind-port", "master-host", "master-port", "num-users", "only-summary", "otel"],
  ...["print-stats", "processes", "profile", "reset-stats", "run-time", "show-task-ratio", "show-task-ratio-json"],
  ...["skip-log-setup", "slave", "spawn-rate", "stats-history-enabled", "stop-timeout", "tags", "tls-cert", "tls-key"],
  ...["user-classes", "users", "version", "web-auth", "web-base-path", "web-host", "web-host-display-name"],
  ...["web-login", "web-port", "worker", "E", "H", "L", "P", "T", "V", "f", "h", "l", "r", "s", "t", "u"],
]);
