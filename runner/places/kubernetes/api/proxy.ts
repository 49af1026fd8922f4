import { BlockList, isIP } from "node:net";

/**
 * The proxy that an API server is reached through, by the variables that kubectl heeds: HTTPS_PROXY or HTTP_PROXY,
 * and NO_PROXY with names, addresses, networks and `*`. Undefined where there is none, and for this machine itself.
 */
export function proxyFor(server: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const url = new URL(server);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const variable = url.protocol === "http:" ? "HTTP_PROXY" : "HTTPS_PROXY";
  const proxy = env[variable] || env[variable.toLowerCase()];
  if (!proxy || isThisMachine(host)) return undefined;
  const port = url.port || (url.protocol === "http:" ? "80" : "443");
  const exceptions = (env.NO_PROXY || env.no_proxy || "").split(",").map((text) => text.trim().toLowerCase());
  if (exceptions.some((exception) => exception !== "" && covers(exception, host, port))) return undefined;
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

function isThisMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function covers(exception: string, host: string, port: string): boolean {
  if (exception === "*") return true;
  if (exception.includes("/")) return isIn(exception, host);
  const [, name = exception, onlyPort] =
    /^(.*?)(?::(\d+))?$/.exec(isIP(exception) === 6 ? `[${exception}]` : exception) ?? [];
  if (onlyPort !== undefined && onlyPort !== port) return false;
  const plain = name.replace(/^\[|\]$/g, "").replace(/^\*\./, ".");
  // ".example.com" is for the names below it, "example.com" for itself too.
  return plain.startsWith(".") ? host.endsWith(plain) : host === plain || host.endsWith(`.${plain}`);
}

function isIn(network: string, host: string): boolean {
  const [address = "", prefix] = network.split("/");
  const family = isIP(address);
  if (family === 0 || isIP(host) !== family) return false;
  const kind = family === 6 ? "ipv6" : "ipv4";
  const list = new BlockList();
  try {
    list.addSubnet(address, Number(prefix), kind);
  } catch {
    return false;
  }
  return list.check(host, kind);
}
