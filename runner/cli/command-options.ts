/** What the command line gives to the commands that run on this machine and in a cluster. */
import type { ClusterOptions } from "./options";
import type { SettingsOptions } from "./settings";

export interface RunCommandOptions extends SettingsOptions, Omit<ClusterOptions, "stack"> {
  readonly local?: boolean;
  readonly demo?: boolean;
  /** Seconds. */
  readonly abortAfter?: number;
  /** Seconds. */
  readonly readyTimeout: number;
  readonly baseline?: string;
  readonly maxRegression: string;
  readonly results: string;
  readonly json?: boolean;
  readonly port?: number;
}

export interface DashboardOptions extends SettingsOptions, Omit<ClusterOptions, "stack"> {
  readonly local?: boolean;
  readonly demo?: boolean;
  readonly open: boolean;
  readonly results: string;
  readonly port?: number;
}

export interface ReportOptions extends ClusterOptions {
  readonly wait?: boolean;
  /** File to write a report to. */
  readonly html?: string;
  readonly results: string;
  readonly json?: boolean;
}
