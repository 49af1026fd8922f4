/** What a stack asks of the quotas of its account and Region. Pure arithmetic. */
import { type CostSettings, hourlyCost } from "../cost/hourly";
import { usEast2 } from "../cost/us-east-2";
import { planNetwork } from "../network";

type QuotaName = "Fargate vCPU" | "VPCs" | "Elastic IPs" | "NAT gateways" | "IPs per gateway";

/** A quota of Service Quotas, and what the stack asks of it. */
export interface QuotaNeed {
  readonly name: QuotaName;
  /** As Service Quotas knows it: `vpc`, `L-F678F1CE`. */
  readonly service: string;
  readonly code: string;
  /** What it is about, in words: "6 VPCs in the Region". */
  readonly unit: string;
  readonly asked: number;
}

/** The quotas that count for a stack with platform `eks-fargate`; codes and meanings are those of AWS' documentation. */
export function quotaNeeds(settings: CostSettings): QuotaNeed[] {
  const fargate: QuotaNeed = {
    name: "Fargate vCPU",
    service: "fargate",
    code: "L-3032A538",
    unit: "vCPU of Fargate",
    asked: fargateVcpus(settings),
  };
  // An existing VPC has its gateways and addresses already.
  if (settings.vpcId !== undefined) return [fargate];
  const each = settings.natAddressesPerGateway;
  return [
    fargate,
    { name: "VPCs", service: "vpc", code: "L-F678F1CE", unit: "VPCs", asked: 1 },
    {
      name: "Elastic IPs",
      service: "ec2",
      code: "L-0263D0A3",
      unit: "Elastic IPs",
      asked: planNetwork(settings).natGateways * each,
    },
    { name: "NAT gateways", service: "vpc", code: "L-FE5A380F", unit: "NAT gateways a zone", asked: 1 },
    { name: "IPs per gateway", service: "vpc", code: "L-5F53652F", unit: "Elastic IPs a NAT gateway", asked: each },
  ];
}

/** vCPU of all pods on Fargate, at the sizes that it runs them at. */
function fargateVcpus(settings: CostSettings): number {
  // Sizes are the same in every Region.
  return hourlyCost(usEast2, settings).items.reduce((sum, { quantity, size }) => sum + quantity * (size?.cpu ?? 0), 0);
}
