/** What a program tells the command line about a load test: its stack output `loadtest`. */
import * as pulumi from "@pulumi/pulumi";
import { requestPrice } from "../../settings/cost/hourly";
import { usEast2 as prices } from "../../settings/cost/us-east-2";
import type { LoadTestOutput } from "../../settings/deployed/outputs";
import type { Settings } from "../../settings/schema";
import { partOf } from "../inputs";
import type { NatCount } from "../network/args";
import type { LocustCluster, LocustDeploymentArgs } from "./args";
import type { LocustPlan } from "./check";

/** Field by field, as one output for all would be unknown in previews that do not know one of them. */
export interface LoadTest {
  /** Grows when a field changes its meaning. */
  readonly version: pulumi.Output<number>;
  /** "eks-fargate" with `cluster`, else "existing". */
  readonly platform: pulumi.Output<string>;
  /** Context of the kubeconfig; left out, the current one. */
  readonly kubeContext?: pulumi.Output<string>;
  /** Name of the cluster in EKS. */
  readonly clusterName?: pulumi.Output<string>;
  /** The AWS Region of that cluster. */
  readonly region?: pulumi.Output<string>;
  /** The NAT gateways that pods go out through; 0 where they are not known. */
  readonly nat?: pulumi.Output<NatCount>;
  /** Their ids; empty where they are not known. */
  readonly natGatewayIds?: pulumi.Output<string[]>;
  /** What a run is in which they had no port for a connection: "invalid" or "warn". */
  readonly natErrors: pulumi.Output<string>;
  /** Namespace of everything. */
  readonly namespace: pulumi.Output<string>;
  /** Name of the master's Deployment. */
  readonly controlDeployment: pulumi.Output<string>;
  /** Name of the workers' Deployment. */
  readonly workerDeployment: pulumi.Output<string>;
  /** Name of the master's Service. */
  readonly service: pulumi.Output<string>;
  /** Port of the Service with Locust's web UI and API. */
  readonly webPort: pulumi.Output<number>;
  /** Name of the Secret with the token, below its key `token`. */
  readonly tokenSecret: pulumi.Output<string>;
  /** The script that runs. */
  readonly script: pulumi.Output<string>;
  /** The scripts that are there. */
  readonly scripts: pulumi.Output<string[]>;
  /** How many workers make the load. */
  readonly workerReplicas: pulumi.Output<number>;
  /** vCPU that a worker may use. */
  readonly workerCpu: pulumi.Output<number>;
  /** The load that the arguments ask for. */
  readonly load: LoadOfTest;
  /** What AWS bills whether Locust runs or not. */
  readonly cost?: CostOfTest;
}

/** The load that a LocustDeployment is asked for. */
export interface LoadOfTest {
  /** Simulated users, all workers together. */
  readonly users: pulumi.Output<number>;
  /** Users started per second. */
  readonly spawnRate: pulumi.Output<number>;
  /** How long a run lasts, as Locust writes it. */
  readonly runTime: pulumi.Output<string>;
  /** Iterations started a second, or stages of that; left out where users wait as the script says. */
  readonly arrivalRate?: pulumi.Output<string>;
  /** Gaps between them: "even" or "poisson". */
  readonly arrivalSpacing?: pulumi.Output<string>;
  /** What the load is aimed at. */
  readonly targetHost?: pulumi.Output<string>;
  /** What must hold for a run to pass. */
  readonly thresholds: pulumi.Output<string[]>;
}

/** What a cluster costs whether Locust runs or not. */
export interface CostOfTest {
  /** "USD". */
  readonly currency: pulumi.Output<string>;
  /** The AWS region whose prices these are; the stack may be in another. */
  readonly region: pulumi.Output<string>;
  /** Control plane, CoreDNS and network: in `currency` an hour, to four decimals. */
  readonly fixedPerHour: pulumi.Output<number>;
  /** The same with the master and the workers, without traffic and logs. */
  readonly perHour: pulumi.Output<number>;
}

/** Where the parts of a load test are. */
export type LoadTestPlace = Pick<
  LoadTest,
  "namespace" | "controlDeployment" | "workerDeployment" | "service" | "webPort" | "tokenSecret"
>;

/** Makes the output; the command line reads it as a LoadTestOutput. */
export function loadTestOutput(args: LocustDeploymentArgs, plan: LocustPlan, place: LoadTestPlace): LoadTest {
  const { cluster, kubeContext } = args;
  const { settings, targetHost, scriptNames } = plan;
  return {
    version: pulumi.output<LoadTestOutput["version"]>(1),
    platform: pulumi.output<LoadTestOutput["platform"]>(cluster === undefined ? "existing" : "eks-fargate"),
    ...(kubeContext && cluster === undefined ? { kubeContext: pulumi.output(kubeContext) } : {}),
    ...(cluster && ofCluster(cluster, settings)),
    ...place,
    script: pulumi.output(settings.script),
    scripts: pulumi.output([...scriptNames]),
    workerReplicas: pulumi.output(settings.workerReplicas),
    workerCpu: pulumi.output(settings.workerCpu),
    natErrors: pulumi.output<string>(settings.natErrors),
    load: {
      users: pulumi.output(settings.users),
      spawnRate: pulumi.output(settings.spawnRate),
      runTime: pulumi.output(settings.runTime),
      ...(settings.arrivalRate === undefined
        ? {}
        : {
            arrivalRate: pulumi.output(settings.arrivalRate),
            arrivalSpacing: pulumi.output<string>(settings.arrivalSpacing),
          }),
      ...(targetHost === undefined ? {} : { targetHost: pulumi.output(targetHost) }),
      thresholds: pulumi.output(settings.thresholds.map(({ text }) => text)),
    },
  };
}

/** Parts that a cluster does not tell are left out. */
function ofCluster(
  cluster: pulumi.Input<LocustCluster>,
  settings: Settings,
): Pick<LoadTest, "clusterName" | "region" | "nat" | "natGatewayIds" | "cost"> {
  const region = partOf(cluster, "region");
  const nat = partOf(cluster, "nat");
  const natIds = partOf(cluster, "natGatewayIds");
  const hourly = partOf(cluster, "hourlyCost");
  return {
    clusterName: pulumi.output(partOf(cluster, "clusterName")),
    ...(region === undefined ? {} : { region: pulumi.output(region) as pulumi.Output<string> }),
    ...(nat === undefined ? {} : { nat: pulumi.output(nat) as pulumi.Output<NatCount> }),
    ...(natIds === undefined ? {} : { natGatewayIds: pulumi.output(natIds) as pulumi.Output<string[]> }),
    ...(hourly === undefined ? {} : { cost: costOf(hourly, settings) }),
  };
}

function costOf(hourly: pulumi.Input<number | undefined>, settings: Settings): CostOfTest {
  const { controlCpu, controlMemory, workerReplicas, workerCpu, workerMemory } = settings;
  const pods =
    requestPrice(prices, controlCpu, controlMemory) + workerReplicas * requestPrice(prices, workerCpu, workerMemory);
  const withFixed = (more: number) => pulumi.output(hourly).apply((cost = 0) => Number((cost + more).toFixed(4)));
  return {
    currency: pulumi.output("USD"),
    region: pulumi.output<string>(prices.region),
    fixedPerHour: withFixed(0),
    perHour: withFixed(pods),
  };
}
