import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { codeOf, UsageError } from "../errors";

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
  for (let attempt = 0; attempt < tries; attempt++) {
    const port = await listen(randomInt(firstPort, lastPort)).catch(() => undefined);
    if (port !== undefined) return port;
  }
  return listen(0);
}

/** Rejects with a UsageError when the port cannot be listened on. */
export async function requirePort(port: number, what: string): Promise<number> {
  try {
    return await listen(port);
  } catch (error) {
    throw portRefused(error, port, what);
  }
}

/** What to say where listening on a port that the user chose has failed. */
export function portRefused(error: unknown, port: number, what: string): UsageError {
  const why = codeOf(error) === "EADDRINUSE" ? "is taken" : `cannot be used (${codeOf(error)})`;
  return new UsageError(`port ${port} for ${what} ${why}; choose another with --port`, { cause: error });
}

function listen(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port, host: loopback, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === "object" && address !== null ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}
