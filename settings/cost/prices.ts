/** What AWS asks in a Region, and how a file of prices is written. */
import * as z from "zod";

const usd = z.number().positive();

const pricesOfRegion = z.strictObject({
  /** Day, or month, of the price list: `2026-11-29`. */
  date: z.string().regex(/^\d{4}-\d{2}(-\d{2})?$/),
  /** Where the numbers are from, for people. */
  source: z.string().min(1),
  perHour: z.strictObject({
    /** A control plane, its Kubernetes version in standard support. */
    eksCluster: usd,
    natGateway: usd,
    publicIpv4: usd,
    fargateVcpu: usd,
    fargateGb: usd,
  }),
  perGb: z.strictObject({
    /** In either direction, on top of what the way out costs. */
    throughNat: usd,
    /** The first tier of a month that is not free. */
    outToInternet: usd,
    /** In each direction: who sends pays it, and who receives. */
    betweenZones: usd,
    logsIn: usd,
    logsKeptForAMonth: usd,
    /** In ECR. */
    imageKeptForAMonth: usd,
  }),
  /** Of CloudWatch, by the hour; left out where nobody has looked them up, and then not counted. */
  perMonth: z
    .strictObject({
      customMetric: usd,
      /** Of each metric that an alarm looks at. */
      alarmMetric: usd,
      dashboard: usd,
    })
    .optional(),
});

/** On-demand prices of one Region in USD, without taxes, free tiers or discounts; Fargate's are those of Linux on x86. */
export type Prices = Readonly<z.infer<typeof pricesOfRegion>> & {
  /** `us-east-2` */
  readonly region: string;
};

/** A file of prices by Region: what `loadtest cost --refresh` writes. */
export const priceFile = z.strictObject({
  /** Grows when a field changes its meaning. */
  version: z.literal(1),
  regions: z.record(z.string(), pricesOfRegion),
});

export type PriceFile = Readonly<z.infer<typeof priceFile>>;

/** Prices by Region, as a file has them. */
export type PricesByRegion = PriceFile["regions"];
