/** What the numbers are measured on. */
import { cpus, release, totalmem } from "node:os";
import { locustVersion } from "../../settings/locust";
import { kubectl } from "../../test/support/cluster";
import type { Machine } from "./results";

export function describeMachine(): Machine {
  const { items } = JSON.parse(kubectl("default", ["get", "nodes", "--output", "json"]));
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memory: Math.round(totalmem() / 2 ** 30),
    kernel: release().split("-", 1)[0] ?? "",
    kubernetes: items[0]?.status.nodeInfo.kubeletVersion ?? "unknown",
    locust: locustVersion,
    node: process.versions.node,
  };
}
