import { once } from "node:events";
import { isIP } from "node:net";
import { connect } from "node:tls";
import type { Settings } from "../../../../settings/schema";
import { hostOf, portOf } from "../../../../settings/values/target";
import { codeOf, messageOf } from "../../../errors";
import { connectionReason, proxyInUse, requireReachable } from "../../../places/network";
import { type Check, type Finding, ok, skipped, warning } from "../check";

/** How long a connection may take, in ms. */
const patience = 2000;

/** Whether the target answers, and may be loaded; this machine's network need not be that of the pods. */
export function targetCheck(settings: Settings, local: boolean): Check {
  return { name: "target", uses: ["targetHost", "allowedHosts"], look: (signal) => lookAt(settings, local, signal) };
}

async function lookAt({ targetHost, allowedHosts }: Settings, local: boolean, signal: AbortSignal): Promise<Finding> {
  const allowed = allowedHosts === undefined ? "any host is allowed" : `allowed: ${allowedHosts.join(", ")}`;
  if (targetHost === undefined) return skipped(`no targetHost: the script or --host says it; ${allowed}`);
  if (proxyInUse()) return skipped(`${targetHost}, behind a proxy, cannot be tried from here; ${allowed}`);
  try {
    await requireReachable(targetHost, patience);
    if (/^https:/i.test(targetHost)) await requireTls(targetHost, signal);
    return ok(`${targetHost} answers here; ${allowed}`);
  } catch (error) {
    const why = connectionReason(error) ?? messageOf(error).replace(/^the target \S+ cannot be reached: /, "");
    const where = local ? "" : "; the pods' network may be another";
    return warning(`${targetHost} does not answer here: ${why}${where}`, "Is it up, and are port and name right?");
  }
}

/** TLS that does not come about is not the network's fault alone: certificates are looked at as well. */
async function requireTls(target: string, signal: AbortSignal): Promise<void> {
  const host = hostOf(target);
  // A server cannot be named by its address.
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket = connect({ host, port: portOf(target), ...name, timeout: patience });
  socket.once("timeout", () => socket.destroy(new Error(`no TLS within ${patience / 1000} s`)));
  try {
    await once(socket, "secureConnect", { signal });
  } catch (error) {
    throw connectionReason(error) === undefined ? new Error(`TLS fails (${codeOf(error) ?? messageOf(error)})`) : error;
  } finally {
    socket.destroy();
  }
}
