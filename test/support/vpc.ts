import type { Registered } from "./mock-engine";

export const vpcType = "awsx:ec2:Vpc";
export const natType = "aws:ec2/natGateway:NatGateway";
export const eipType = "aws:ec2/eip:Eip";

const zones = ["1", "2", "3"];
export const privateIds = zones.map((zone) => `subnet-${zone}a`);
export const publicIds = zones.map((zone) => `subnet-${zone}b`);

/** What awsx's component and AWS would give back of a VPC in three zones and its ways out; nothing for all else. */
export function vpcOutputs({ type, name }: Registered): Record<string, unknown> {
  // `1` of `net-nat-1`, `12` of `net-nat-1-2`
  const number = name.replace(/\D/g, "");
  if (type === eipType) return { allocationId: `eipalloc-${number}`, publicIp: `203.0.113.${number}` };
  if (type !== vpcType) return {};
  return {
    ...{ vpcId: "vpc-new", privateSubnetIds: privateIds, publicSubnetIds: publicIds },
    privateSubnets: privateIds.map((id) => ({ id })),
    publicSubnets: publicIds.map((id) => ({ id })),
    // A zone's public table first.
    routeTables: zones.flatMap((zone) => [{ id: `rtb-${zone}b` }, { id: `rtb-${zone}a` }]),
  };
}
