import type { Prices, PricesByRegion } from "./prices";
import { usEast2 } from "./us-east-2";

/** Nobody has said what a Region costs. Its message is one plain line and needs no stack trace. */
export class PricesError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "PricesError";
  }
}

/**
 * The prices of a Region: the user's own, else those that come with this package.
 *
 * @param own what the user has got with `loadtest cost --refresh`
 * @throws PricesError where there are none: those of another Region would be wrong
 */
export function pricesOf(region: string, own: PricesByRegion = {}): Prices {
  const found = Object.hasOwn(own, region) ? own[region] : undefined;
  if (found !== undefined) return { region, ...found };
  if (region === usEast2.region) return usEast2;
  const known = [...new Set([usEast2.region, ...Object.keys(own)])].sort();
  throw new PricesError(
    `there are no prices of ${region}, only of ${known.join(", ")}: loadtest cost --refresh --region ${region} gets them from AWS`,
  );
}
