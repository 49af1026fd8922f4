import * as pulumi from "@pulumi/pulumi";
import type { LoadTestNetworkArgs } from "../../components/network/load-test-network";
import { known, mockEngine, refusedBy } from "./mock-engine";
import { vpcOutputs } from "./vpc";

export const componentType = "serverless-load-testing:index:LoadTestNetwork";

/** Makes a network named "net" as in an update, or as in a preview of one. */
export async function make(
  args?: LoadTestNetworkArgs,
  { preview = false, opts }: { preview?: boolean; opts?: () => pulumi.ComponentResourceOptions } = {},
) {
  const engine = await mockEngine(preview ? () => ({}) : vpcOutputs, preview);
  const { LoadTestNetwork } = await import("../../components/network/load-test-network.js");
  const network = new LoadTestNetwork("net", args, opts?.());
  await known(network.urn);
  await pulumi.runtime.disconnect();
  return { network, engine };
}

/** The message that some arguments end with, before anything is registered. */
export async function refused(args: LoadTestNetworkArgs): Promise<string> {
  const engine = await mockEngine(vpcOutputs);
  const { LoadTestNetwork } = await import("../../components/network/load-test-network.js");
  return refusedBy(engine, () => new LoadTestNetwork("net", args));
}
