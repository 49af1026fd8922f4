import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A TCP socket that waits for connections. */
export interface Listener {
  /** Dotted for IPv4; `::1` or hexadecimal digits for IPv6. */
  readonly address: string;
  readonly port: number;
}

const listening = "0A";

/** The listening TCP sockets of a process, from /proc. */
export function listeners(pid: number): Listener[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const link = linkOf(`/proc/${pid}/fd/${fd}`);
      return /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [];
    }),
  );
  return ["tcp", "tcp6"].flatMap((family) =>
    readFileSync(`/proc/${pid}/net/${family}`, "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === listening && inodes.has(fields[9] ?? ""))
      .map((fields) => parse(fields[1] ?? "")),
  );
}

function parse(local: string): Listener {
  const [hex = "", port = ""] = local.split(":");
  // Words of four bytes, least significant first.
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4)
    return { address: bytes.map((byte) => Number.parseInt(byte, 16)).join("."), port: Number.parseInt(port, 16) };
  const all = bytes.join("");
  return { address: /^0{30}01$/.test(all) ? "::1" : all, port: Number.parseInt(port, 16) };
}

/** A descriptor may be closed in the meantime. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
