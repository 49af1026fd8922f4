/** Prices of a Region from AWS' Price List API. */
import type { GetProductsCommandInput, GetProductsCommandOutput, Pricing } from "@aws-sdk/client-pricing";
import * as z from "zod";
import type { Prices } from "../../settings/cost/prices";
import { RunnerError } from "../errors";
import { type AwsPlace, awsConfig } from "./clients";
import { explainAwsError } from "./errors";

/** The API's Region for the Americas; it has the prices of all Regions. */
/** Pages of a hundred products, from another continent; in ms. */
const patience = 15_000;

const apiRegion = "us-east-1";

/** A price in the list: whose it is, and how its usage type ends, behind the Region's own prefix (`USE2-`). */
interface Wanted {
  readonly service: string;
  /** Which products to ask for, by what they say of themselves. */
  readonly filters: Readonly<Record<string, string>>;
  readonly usageType: string;
}

const inRegion = (region: string) => ({ regionCode: region });
const nat = (region: string) => ({ regionCode: region, productFamily: "NAT Gateway" });

/** What to ask for; Fargate is ECS' in the list, also for pods of EKS. */
function wanted(region: string) {
  const from = (transferType: string) => ({ fromRegionCode: region, transferType });
  const family = (productFamily: string) => ({ regionCode: region, productFamily });
  return {
    perHour: {
      eksCluster: { service: "AmazonEKS", filters: family("Compute"), usageType: "AmazonEKS-Hours:perCluster" },
      natGateway: { service: "AmazonEC2", filters: nat(region), usageType: "NatGateway-Hours" },
      publicIpv4: { service: "AmazonVPC", filters: inRegion(region), usageType: "PublicIPv4:InUseAddress" },
      fargateVcpu: { service: "AmazonECS", filters: family("Compute"), usageType: "Fargate-vCPU-Hours:perCPU" },
      fargateGb: { service: "AmazonECS", filters: family("Compute"), usageType: "Fargate-GB-Hours" },
    },
    perGb: {
      throughNat: { service: "AmazonEC2", filters: nat(region), usageType: "NatGateway-Bytes" },
      outToInternet: {
        ...{ service: "AWSDataTransfer", filters: from("AWS Outbound"), usageType: "DataTransfer-Out-Bytes" },
      },
      betweenZones: {
        ...{ service: "AWSDataTransfer", filters: from("IntraRegion"), usageType: "DataTransfer-Regional-Bytes" },
      },
      logsIn: { service: "AmazonCloudWatch", filters: family("Data Payload"), usageType: "DataProcessing-Bytes" },
      logsKeptForAMonth: {
        ...{ service: "AmazonCloudWatch", filters: family("Storage Snapshot"), usageType: "TimedStorage-ByteHrs" },
      },
      imageKeptForAMonth: { service: "AmazonECR", filters: inRegion(region), usageType: "TimedStorage-ByteHrs" },
    },
  } as const satisfies { readonly [Group in "perHour" | "perGb"]: Readonly<Record<keyof Prices[Group], Wanted>> };
}

/** What of a product in the list is relied on. */
const product = z.looseObject({
  product: z.looseObject({ attributes: z.looseObject({ usagetype: z.string() }) }),
  terms: z.looseObject({
    OnDemand: z
      .record(
        z.string(),
        z.looseObject({
          priceDimensions: z.record(
            z.string(),
            z.looseObject({
              beginRange: z.string().prefault("0"),
              pricePerUnit: z.looseObject({ USD: z.string().optional() }),
            }),
          ),
        }),
      )
      .optional(),
  }),
});

type Product = z.infer<typeof product>;

/**
 * Gets the on-demand prices of a Region. Each one is the first tier's that is not free.
 *
 * @param place whose prices, and as whom AWS is asked for them
 * @param date of today, as `2026-11-29`
 * @param warn told where the list has several prices for the same: the highest is taken
 * @throws AwsError where AWS refuses or cannot be reached
 * @throws RunnerError where a price is not in the list, naming it; none is taken from elsewhere
 */
export async function fetchPrices(
  { region, profile }: AwsPlace & { readonly region: string },
  date: string,
  warn: (text: string) => void,
): Promise<Prices> {
  const { Pricing } = await import("@aws-sdk/client-pricing");
  const client = new Pricing({ ...awsConfig({ profile }, patience), region: apiRegion });
  // Some prices come in the same answer.
  const asked = new Map<string, Promise<readonly Product[]>>();
  const price = async ({ service, filters, usageType }: Wanted): Promise<number> => {
    const key = JSON.stringify([service, filters]);
    const products = asked.get(key) ?? allProducts(client, service, filters, region);
    asked.set(key, products);
    const found = pricesIn(await products, usageType);
    const what = `for ${usageType} of ${service} in ${region}`;
    if (found.length === 0) {
      throw new RunnerError(
        `AWS' price list has no price ${what}. Look whether ${region} is a Region that has it; no prices were changed`,
      );
    }
    const highest = Math.max(...found);
    if (found.length > 1) warn(`AWS' price list has several prices ${what} (${found.join(", ")}): ${highest} is taken`);
    return highest;
  };
  try {
    const { perHour, perGb } = wanted(region);
    const [hour, gb] = [await all(perHour, price), await all(perGb, price)];
    return { region, date, source: "AWS Price List API (pricing:GetProducts), on demand", perHour: hour, perGb: gb };
  } finally {
    client.destroy();
  }
}

/** One after the other: the API throttles early. */
async function all<Key extends string>(
  each: Readonly<Record<Key, Wanted>>,
  price: (one: Wanted) => Promise<number>,
): Promise<Record<Key, number>> {
  const found: Partial<Record<Key, number>> = {};
  for (const [key, one] of Object.entries<Wanted>(each)) found[key as Key] = await price(one);
  return found as Record<Key, number>;
}

async function allProducts(
  client: Pricing,
  service: string,
  filters: Wanted["filters"],
  region: string,
): Promise<readonly Product[]> {
  const input: GetProductsCommandInput = {
    ServiceCode: service,
    FormatVersion: "aws_v1",
    MaxResults: 100,
    Filters: Object.entries(filters).map(([Field, Value]) => ({ Type: "TERM_MATCH", Field, Value })),
  };
  const what = `the price list of ${service} in ${region}`;
  const products: Product[] = [];
  let token: string | undefined;
  do {
    const page: GetProductsCommandOutput = await client
      .getProducts({ ...input, ...(token === undefined ? {} : { NextToken: token }) })
      .catch((error: unknown) => {
        throw explainAwsError(error, what);
      });
    products.push(...[...(page.PriceList ?? [])].flatMap((one: unknown) => productOf(one)));
    // A list that does not get on would be read for ever.
    if (page.NextToken === token && token !== undefined) throw new RunnerError(`${what} repeats itself; try again`);
    token = page.NextToken === "" ? undefined : page.NextToken;
  } while (token !== undefined);
  return products;
}

/** Each is a JSON text; what has no usage type or no price is nothing to go by. */
function productOf(text: unknown): Product[] {
  try {
    const read = product.safeParse(JSON.parse(String(text)));
    return read.success ? [read.data] : [];
  } catch {
    return [];
  }
}

/**
 * The different prices of a usage type. The Region's prefix is missing in us-east-1, for some: NatGateway-Hours,
 * EU-NatGateway-Hours, USE2-NatGateway-Hours.
 */
function pricesIn(products: readonly Product[], usageType: string): number[] {
  const isIt = (name: string) => name.replace(/^[A-Z]+\d*-/, "") === usageType || name === usageType;
  const found = products
    .filter(({ product: { attributes } }) => isIt(attributes.usagetype))
    .flatMap(({ terms }) => Object.values(terms.OnDemand ?? {}).flatMap((term) => tiers(term).slice(0, 1)));
  return [...new Set(found)];
}

/** What is not free, from the first tier on. */
function tiers({ priceDimensions }: NonNullable<Product["terms"]["OnDemand"]>[string]): number[] {
  return Object.values(priceDimensions)
    .map(({ beginRange, pricePerUnit }) => ({ from: Number(beginRange), usd: Number(pricePerUnit.USD) }))
    .filter(({ usd }) => usd > 0)
    .sort((a, b) => a.from - b.from)
    .map(({ usd }) => usd);
}
