import { connect } from "node:net";
import { codeOf, RunnerError } from "../errors";

/** Why a connection failed, in words, by the code of the error. */
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "its name cannot be looked up now",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "no route to it",
  ENETUNREACH: "no network to it",
  ECONNRESET: "it closed the connection",
};

/** Why a connection failed, in words; undefined where the error is not one of the network. */
export function connectionReason(error: unknown): string | undefined {
  const code = codeOf(error);
  return code !== undefined && Object.hasOwn(reasons, code) ? reasons[code] : undefined;
}

/**
 * Checks that something listens at the target before load is started: one TCP connection, no request, so that the
 * target's own counts stay exact. Rejects with one line. Behind a proxy nothing can be told, and nothing is checked.
 */
export async function requireReachable(
  target: string,
  timeout = 5000,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const url = new URL(target);
  const proxied = ["http_proxy", "https_proxy", "all_proxy"].some((name) => env[name] || env[name.toUpperCase()]);
  if (proxied) return;
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  // URL keeps the brackets of an IPv6 address.
  const host = url.hostname.replace(/^\[|\]$/g, "");
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host, port, timeout });
    const fail = (why: string, cause?: unknown) => {
      socket.destroy();
      reject(new RunnerError(`the target ${target} cannot be reached: ${why}`, undefined, { cause }));
    };
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.once("timeout", () => fail(`no answer within ${timeout / 1000} s`));
    socket.once("error", (error) => fail(connectionReason(error) ?? codeOf(error) ?? error.message, error));
  });
}
