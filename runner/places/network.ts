import { randomInt } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { portOf } from "../../settings/values/target";
import { codeOf, messageOf, RunnerError, UsageError } from "../errors";

/** Everything that this program starts on this machine listens here and nowhere else. */
export const loopback = "127.0.0.1";

/**
 * Where free ports are looked for: below the range from which systems take ports for outgoing connections, since the
 * load itself makes many of those on loopback (Linux: from 32768, macOS and Windows: from 49152).
 */
const firstPort = 20_000;
const lastPort = 32_000;
const tries = 20;

/** A port that is free now. Between this answer and its use somebody else may take it. */
export async function freePort(): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const server = createServer();
    try {
      const port = await listen(server, attempt <= tries ? randomInt(firstPort, lastPort) : 0);
      await once(server.close(), "close");
      return port;
    } catch (error) {
      if (attempt > tries) throw error;
    }
  }
}

/** Rejects with a UsageError when the port cannot be listened on. */
export async function requirePort(port: number, what: string): Promise<number> {
  const server = createServer();
  await listenOn(server, port, what);
  await once(server.close(), "close");
  return port;
}

/**
 * Has a server listen on a port that the user chose, or a free one for 0, and gives the port. Rejects with a UsageError
 * where it cannot.
 */
export async function listenOn(server: Server, port: number, what: string): Promise<number> {
  try {
    return await listen(server, port);
  } catch (error) {
    const why = codeOf(error) === "EADDRINUSE" ? "is taken" : `cannot be used (${codeOf(error)})`;
    throw new UsageError(`port ${port} for ${what} ${why}; choose another with --port`, { cause: error });
  }
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen({ port, host: loopback, exclusive: true });
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Why a connection failed, in words, by the code of the error. */
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "its name cannot be looked up now",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "no route to it",
  ENETUNREACH: "no network to it",
  ECONNRESET: "it closed the connection",
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet; is this machine's clock right?",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
};

/** Why a connection failed, in words; undefined where the error is not one of the network. */
export function connectionReason(error: unknown): string | undefined {
  const code = codeOf(error) ?? "";
  return Object.hasOwn(reasons, code) ? reasons[code] : undefined;
}

/** Whether the environment names a proxy, behind which nothing can be told of a target. */
export function proxyInUse(env: NodeJS.ProcessEnv = process.env): boolean {
  return ["http_proxy", "https_proxy", "all_proxy"].some((name) => env[name] || env[name.toUpperCase()]);
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
  const { hostname } = new URL(target);
  if (proxyInUse(env)) return;
  // URL keeps the brackets of an IPv6 address.
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ""), port: portOf(target), timeout });
  socket.once("timeout", () => socket.destroy(new Error(`no answer within ${timeout / 1000} s`)));
  try {
    await once(socket, "connect");
  } catch (error) {
    const why = connectionReason(error) ?? codeOf(error) ?? messageOf(error);
    throw new RunnerError(`the target ${target} cannot be reached: ${why}`, undefined, { cause: error });
  } finally {
    socket.destroy();
  }
}
