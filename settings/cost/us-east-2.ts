import type { Prices } from "./prices";

/** What us-east-2 (Ohio) asks, as of the date that it says: the only prices that come with this package. */
export const usEast2 = {
  region: "us-east-2",
  date: "2026-11",
  source: "AWS's price pages for EKS, Fargate, VPC, EC2 data transfer, CloudWatch and ECR",
  perHour: {
    eksCluster: 0.1,
    natGateway: 0.045,
    publicIpv4: 0.005,
    fargateVcpu: 0.04048,
    fargateGb: 0.004445,
  },
  perGb: {
    throughNat: 0.045,
    outToInternet: 0.09,
    betweenZones: 0.01,
    logsIn: 0.5,
    logsKeptForAMonth: 0.03,
    imageKeptForAMonth: 0.1,
  },
  perMonth: {
    customMetric: 0.3,
    alarmMetric: 0.1,
    dashboard: 3,
  },
} satisfies Prices;
