/** Settings and runs of any kind. */
import fc from "fast-check";
import type { EstimateSettings } from "../../../settings/cost/estimate";
import type { Load } from "../../../settings/cost/load";
import { fargateCpus, largestMemory } from "../../../settings/values/fargate";

/** vCPU of Fargate, and MiB that a pod of it may have. */
const anySize = fc
  .constantFrom(...fargateCpus)
  .chain((cpu) =>
    fc.record({ cpu: fc.constant(cpu), memory: fc.integer({ min: 128, max: largestMemory(cpu) ?? 128 }) }),
  );

/** Any settings that a stack on Fargate may have, as far as they decide about its cost. */
export const anySettings: fc.Arbitrary<EstimateSettings> = fc
  .record({
    layout: fc.constantFrom("multi-az" as const, "single-az" as const),
    availabilityZoneCount: fc.integer({ min: 2, max: 6 }),
    vpcId: fc.constantFrom(undefined, "vpc-0123456789abcdef0"),
    natAddressesPerGateway: fc.integer({ min: 1, max: 8 }),
    workerReplicas: fc.integer({ min: 0, max: 1000 }),
    scriptDelivery: fc.constantFrom("configmap" as const, "image" as const),
    imageSource: fc.constantFrom("docker-hub" as const, "ecr" as const),
    logRetentionDays: fc.constantFrom(1, 30, 3653) as fc.Arbitrary<EstimateSettings["logRetentionDays"]>,
    observability: fc.boolean(),
    worker: anySize,
    control: anySize,
  })
  .map(({ worker, control, vpcId, ...settings }) => ({
    ...{ vpcCidr: "10.0.0.0/16", subnetMask: 20, availabilityZoneNames: undefined, image: undefined },
    ...settings,
    ...{ vpcId, podSubnetIds: vpcId === undefined ? undefined : ["subnet-01234567", "subnet-89abcdef"] },
    ...{ workerCpu: worker.cpu, workerMemory: worker.memory, controlCpu: control.cpu, controlMemory: control.memory },
  }));

/** Runs that fit into a day. */
export const anyLoad: fc.Arbitrary<Load> = fc.record({
  users: fc.integer({ min: 1, max: 1_000_000 }),
  workers: fc.integer({ min: 1, max: 1000 }),
  hours: fc.double({ min: 0.01, max: 6, noNaN: true }),
  runsPerDay: fc.integer({ min: 0, max: 4 }),
  requestsPerUserMinute: fc.double({ min: 0.1, max: 600, noNaN: true }),
  kbPerUserMinute: fc.double({ min: 0, max: 1000, noNaN: true }),
  sentShare: fc.double({ min: 0, max: 1, noNaN: true }),
});
