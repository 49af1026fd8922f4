/** What logs, metrics, alarms and the dashboard in CloudWatch cost. Pure arithmetic. */
import type { Settings } from "../schema";
import { type FixedCostSettings, natGateways } from "./hourly";
import type { Prices } from "./prices";

/** The settings that it depends on. */
export interface ObservabilityCostSettings extends FixedCostSettings, Pick<Settings, "observability"> {}

/** Metrics that CloudWatch makes of the master's lines; each is a custom metric. */
export const customMetrics = 16;

/** Alarms on these metrics, and alarms of which each has one metric of every NAT gateway: alarms are paid by metric. */
const [runAlarms, natAlarms] = [6, 2];

/** Of a line of the master's, with the 26 that CloudWatch adds to an event; there is one every ten seconds. */
export const metricsLineBytes = 450;
const metricsLogGbPerHour = (metricsLineBytes * 360) / 1e9;

export const monthHours = 730;

/** Metrics that alarms look at. */
export function alarmMetrics(settings: FixedCostSettings): number {
  return runAlarms + natAlarms * natGateways(settings);
}

/** Something of which one costs so much an hour, in USD. */
interface Hourly {
  readonly what: string;
  readonly quantity: number;
  readonly unit: "" | "GB";
  readonly each: number;
}

/**
 * What is there from `up` to `destroy`; nothing without the setting, or where the price list has no such prices.
 *
 * @param logPrice of a GB of logs, kept as long as the settings say
 */
export function observabilityItems(
  { perMonth }: Pick<Prices, "perMonth">,
  settings: ObservabilityCostSettings,
  logPrice: number,
): Hourly[] {
  if (!settings.observability) return [];
  const lines: Hourly = {
    what: "lines of metrics in the log",
    quantity: metricsLogGbPerHour,
    unit: "GB",
    each: logPrice,
  };
  if (perMonth === undefined) return [lines];
  const monthly = (what: string, quantity: number, price: number): Hourly => {
    return { what, quantity, unit: "", each: price / monthHours };
  };
  return [
    monthly("CloudWatch metric", customMetrics, perMonth.customMetric),
    monthly("metric in CloudWatch alarms", alarmMetrics(settings), perMonth.alarmMetric),
    monthly("CloudWatch dashboard", 1, perMonth.dashboard),
    lines,
  ];
}

/** The same in USD a month, with so many NAT gateways, without logs. */
export function observabilityPerMonth(perMonth: NonNullable<Prices["perMonth"]>, gateways: number): number {
  const alarms = runAlarms + natAlarms * gateways;
  return customMetrics * perMonth.customMetric + alarms * perMonth.alarmMetric + perMonth.dashboard;
}
