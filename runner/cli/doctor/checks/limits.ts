/** What large tests run into first, and what all of it costs. */
import { lookup } from "node:dns/promises";
import { usesEcr } from "../../../../settings/aws/policy";
import { hourlyCost } from "../../../../settings/cost/hourly";
import { PricesError } from "../../../../settings/cost/region-prices";
import { natProblem, pullProblem } from "../../../../settings/limits";
import { usualImage } from "../../../../settings/locust";
import { planNetwork } from "../../../../settings/network";
import type { Settings, SettingsKey } from "../../../../settings/schema";
import { hostOf } from "../../../../settings/values/target";
import { findPrices } from "../../price-file";
import { type Check, ok, skipped, warning } from "../check";

const network = [
  "vpcId",
  "layout",
  "availabilityZoneCount",
  "availabilityZoneNames",
  "natAddressesPerGateway",
] as const;
const blocks: readonly SettingsKey[] = [...network, "vpcCidr", "subnetMask"];
const pods = ["workerReplicas", "workerCpu", "workerMemory", "controlCpu", "controlMemory"] as const;

/** Connections through NAT gateways, to the addresses that the target has here. */
export function natCheck(settings: Settings): Check {
  return {
    name: "NAT ports",
    uses: [...blocks, "users", "targetHost"],
    async look() {
      const { targetHost, users, vpcId } = settings;
      if (vpcId !== undefined) return skipped("the VPC's own NAT is not known");
      const found = targetHost && (await lookup(hostOf(targetHost), { all: true }).catch(() => undefined));
      const { gateways, addresses } = wayOut(settings);
      const targetAddresses = found ? found.map(({ address }) => address) : undefined;
      const wrong = natProblem({ users, gateways, addresses, targetAddresses });
      return wrong === undefined ? ok(`${users} users need no more connections than NAT has room for`) : warning(wrong);
    },
  };
}

/** Pulls from Docker Hub, where each pod makes one. */
export function pullsCheck(settings: Settings): Check {
  return {
    name: "image pulls",
    uses: [...blocks, "workerReplicas", "image", "imageSource", "scriptDelivery"],
    look() {
      if (usesEcr(settings)) return ok("from ECR, without a limit of pulls");
      if (settings.vpcId !== undefined) return skipped("the VPC's own NAT is not known");
      const { image = usualImage(settings), workerReplicas: workers } = settings;
      const wrong = pullProblem({ workers, addresses: wayOut(settings).addresses, image });
      return wrong === undefined ? ok(`${image}, pulled for each pod: ${workers + 1}`) : warning(wrong);
    },
  };
}

/**
 * What is paid for by the hour from `up` to `destroy`.
 *
 * @param region undefined where nothing names one
 */
export function costCheck(settings: Settings, region: string | undefined): Check {
  return {
    name: "cost",
    uses: [...blocks, ...pods],
    look() {
      if (region === undefined) return skipped("nothing names the Region whose prices count");
      try {
        const { total } = hourlyCost(findPrices(region), settings);
        return ok(`about $${total.toFixed(2)} an hour from up to destroy, data not counted (${region}, on demand)`);
      } catch (error) {
        if (error instanceof PricesError) return warning(error.message);
        throw error;
      }
    },
  };
}

function wayOut(settings: Settings): { gateways: number; addresses: number } {
  const gateways = planNetwork(settings).natGateways;
  return { gateways, addresses: gateways * settings.natAddressesPerGateway };
}
