/** What CloudWatch costs with `observability`, as Markdown: for `docs/observing.md`. */
import { customMetrics, monthHours, observabilityItems } from "../../settings/cost/observability";
import type { Prices } from "../../settings/cost/prices";
import type { Settings } from "../../settings/schema";
import { dollars, markdownTable } from "./markdown";

/** @param settings of both layouts, with what each is called */
export function observabilityTable(prices: Prices, stacks: readonly (readonly [string, Settings])[]): string {
  const { logsIn, logsKeptForAMonth } = prices.perGb;
  const priced = stacks.map(([, settings]) =>
    observabilityItems(prices, { ...settings, observability: true }, logsIn + logsKeptForAMonth),
  );
  const sum = (items: (typeof priced)[number]) => items.reduce((all, { quantity, each }) => all + quantity * each, 0);
  const whats = priced[0]?.map(({ what }) => what) ?? [];
  return [
    `On-demand prices of ${prices.region}, as of ${prices.date}, in USD for a month of ${monthHours} hours, without taxes and free tiers:`,
    "",
    ...markdownTable([
      ["", ...stacks.map(([name]) => name)],
      ...whats.map((what) => [
        what,
        ...priced.map((items) => {
          const { quantity = 0, unit, each = 0 } = items.find((one) => one.what === what) ?? {};
          const month = dollars(quantity * each * monthHours);
          return unit === "GB" || quantity === 1 ? month : `${quantity} × ${dollars(each * monthHours)} = ${month}`;
        }),
      ]),
      ["**all, a month**", ...priced.map((items) => `**${dollars(sum(items) * monthHours)}**`)],
      ["all, an hour", ...priced.map((items) => `$${sum(items).toFixed(4)}`)],
    ]),
    "",
    `AWS' free tier has 10 custom metrics, 10 alarms and 3 dashboards in an account; of the ${customMetrics} metrics each is paid for only in hours with a master.`,
  ].join("\n");
}
