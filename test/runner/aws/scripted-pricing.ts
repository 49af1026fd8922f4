/** AWS' Price List API on this machine, with what a test puts into it. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A product of the list, as far as it matters. */
export interface Listed {
  readonly service: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** USD of each tier, by where it begins; two terms are two products of the same usage type. */
  readonly tiers: Readonly<Record<string, string>>;
}

/** What was asked for. */
export interface Asked {
  readonly service: string;
  readonly filters: Readonly<Record<string, string>>;
  readonly token: string | undefined;
}

interface RequestBody {
  readonly ServiceCode: string;
  readonly Filters: readonly { readonly Field: string; readonly Value: string }[];
  readonly NextToken?: string;
}

/** As the documentation of GetProducts has it: each product is a text of JSON in a list. */
export class ScriptedPricing {
  readonly asked: Asked[] = [];
  products: Listed[] = [];
  /** Products in an answer. */
  pageSize = 2;
  /** Answered in place of prices: HTTP 400 with this. */
  refusal: { readonly __type: string; readonly message: string } | undefined;
  private readonly server: Server;
  private readonly before = { ...process.env };

  private constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const target = request.headers["x-amz-target"];
        const body = JSON.parse(Buffer.concat(chunks).toString()) as RequestBody;
        const answer = target === "AWSPriceListService.GetProducts" ? this.answer(body) : undefined;
        response.writeHead(this.refusal === undefined && answer !== undefined ? 200 : 400, {
          "content-type": "application/x-amz-json-1.1",
        });
        response.end(JSON.stringify(this.refusal ?? answer ?? { __type: "UnknownOperationException" }));
      });
    });
  }

  /** Starts it, and has the SDK ask it, as somebody. */
  static async start(): Promise<ScriptedPricing> {
    const made = new ScriptedPricing();
    await new Promise<void>((resolve) => made.server.listen(0, "127.0.0.1", resolve));
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_PRICING: `http://127.0.0.1:${(made.server.address() as AddressInfo).port}`,
      ...{ AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "example", AWS_EC2_METADATA_DISABLED: "true" },
      ...{ AWS_CONFIG_FILE: "/nonexistent/config", AWS_SHARED_CREDENTIALS_FILE: "/nonexistent/credentials" },
    });
    delete process.env.AWS_PROFILE;
    return made;
  }

  async close(): Promise<void> {
    for (const name of Object.keys(process.env)) if (!(name in this.before)) delete process.env[name];
    Object.assign(process.env, this.before);
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer({ ServiceCode: service, Filters, NextToken: token }: RequestBody): object {
    const filters = Object.fromEntries(Filters.map(({ Field, Value }) => [Field, Value]));
    this.asked.push({ service, filters, token });
    const found = this.products.filter(
      (one) =>
        one.service === service && Object.entries(filters).every(([field, value]) => one.attributes[field] === value),
    );
    const start = token === undefined ? 0 : Number(token.slice("page-".length));
    const end = start + this.pageSize;
    return {
      FormatVersion: "aws_v1",
      PriceList: found.slice(start, end).map((one, index) => JSON.stringify(offer(one, `SKU${start + index}`))),
      ...(end < found.length ? { NextToken: `page-${end}` } : {}),
    };
  }
}

function offer({ service, attributes, tiers }: Listed, sku: string): object {
  const { productFamily, ...others } = attributes;
  const dimensions = Object.entries(tiers).map(([beginRange, USD], index) => [
    `${sku}.JRTCKXETXF.T${index}`,
    { unit: "Hrs", endRange: "Inf", beginRange, appliesTo: [], pricePerUnit: { USD } },
  ]);
  const term = { sku, effectiveDate: "2026-11-01T00:00:00Z", priceDimensions: Object.fromEntries(dimensions) };
  return {
    product: { ...(productFamily === undefined ? {} : { productFamily }), attributes: others, sku },
    serviceCode: service,
    terms: { OnDemand: { [`${sku}.JRTCKXETXF`]: term } },
    version: "20261101000000",
    publicationDate: "2026-11-01T00:00:00Z",
  };
}

/** All that a Region needs, with what stands beside it in the list and is not meant. */
export function listed(region: string, prefix: string, fargatePrefix = prefix): Listed[] {
  const make = (
    service: string,
    usagetype: string,
    tiers: Listed["tiers"],
    more: Listed["attributes"] = {},
  ): Listed => ({
    service,
    attributes: { regionCode: region, usagetype, ...more },
    tiers,
  });
  const compute = { productFamily: "Compute" };
  const nat = { productFamily: "NAT Gateway" };
  const from = (transferType: string) => ({ fromRegionCode: region, transferType });
  return [
    make("AmazonEKS", `${fargatePrefix}AmazonEKS-Hours:extendedSupport`, { "0": "0.5000000000" }, compute),
    make("AmazonEKS", `${fargatePrefix}AmazonEKS-Hours:perCluster`, { "0": "0.1100000000" }, compute),
    make("AmazonECS", `${fargatePrefix}Fargate-ARM-vCPU-Hours:perCPU`, { "0": "0.0323800000" }, compute),
    make("AmazonECS", `${fargatePrefix}SpotUsage:Fargate-vCPU-Hours:perCPU`, { "0": "0.0127" }, compute),
    make("AmazonECS", `${fargatePrefix}Fargate-vCPU-Hours:perCPU`, { "0": "0.0404800000" }, compute),
    make("AmazonECS", `${fargatePrefix}Fargate-GB-Hours`, { "0": "0.0044450000" }, compute),
    make("AmazonECS", `${fargatePrefix}Fargate-EphemeralStorage-GB-Hours`, { "0": "0.000111" }, compute),
    make("AmazonEC2", `${prefix}NatGateway-Prvd-Bytes`, { "0": "0.0400" }, nat),
    make("AmazonEC2", `${prefix}NatGateway-Hours`, { "0": "0.0480000000" }, nat),
    make("AmazonEC2", `${prefix}NatGateway-Bytes`, { "0": "0.0490000000" }, nat),
    make("AmazonVPC", `${fargatePrefix}PublicIPv4:IdleAddress`, { "0": "0.0060000000" }),
    make("AmazonVPC", `${fargatePrefix}PublicIPv4:InUseAddress`, { "0": "0.0050000000" }),
    // The tiers of a month, not in their order, with one that is free.
    make(
      ...(["AWSDataTransfer", `${prefix}DataTransfer-Out-Bytes`] as const),
      { "10240": "0.0850000000", "100": "0.0900000000", "0": "0.0000000000" },
      from("AWS Outbound"),
    ),
    make("AWSDataTransfer", `${prefix}DataTransfer-Regional-Bytes`, { "0": "0.0000" }, from("IntraRegion")),
    make("AWSDataTransfer", `${prefix}DataTransfer-Regional-Bytes`, { "0": "0.0100" }, from("IntraRegion")),
    make("AmazonCloudWatch", `${prefix}VendedLog-Bytes`, { "0": "0.25" }, { productFamily: "Data Payload" }),
    make("AmazonCloudWatch", `${prefix}DataProcessing-Bytes`, { "0": "0.57" }, { productFamily: "Data Payload" }),
    make("AmazonCloudWatch", `${prefix}TimedStorage-ByteHrs`, { "0": "0.03" }, { productFamily: "Storage Snapshot" }),
    make("AmazonECR", `${prefix}TimedStorage-ByteHrs`, { "0": "0.0", "0.5": "0.10" }),
  ];
}
