import { InvalidValueError } from "../errors";

/** A range of IPv4 addresses. */
export interface Cidr {
  /** First address, as an unsigned number of 32 bits. */
  readonly address: number;
  /** Length of the prefix, 0 to 32. */
  readonly prefix: number;
}

/** What `parseCidr` takes, to be read after "must be". */
export const cidrAllowed = 'an IPv4 range that starts at its first address, such as "203.0.113.0/24"';

/** What `parsePublicCidr` takes, to be read after "must be". */
export const publicCidrAllowed = `${cidrAllowed}, without private or other reserved addresses, which EKS refuses; or "0.0.0.0/0"`;

/** The private ranges of RFC 1918. */
const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/**
 * Ranges that no one on the internet has ("Reserved IP addresses", to which EKS's user guide points). Those for
 * documentation are left out: EKS's own example is one of them.
 */
export const reservedRanges = [
  ...privateRanges,
  ...["0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.88.99.0/24"],
  ...["198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"],
];

/**
 * Reads an IPv4 range: four decimal numbers, a slash and the prefix, without leading zeros. Bits behind the prefix
 * must be 0, as a range that hides a single address is more often a slip than a wish.
 *
 * @throws InvalidValueError for any other text
 */
export function parseCidr(text: string): Cidr {
  const decimal = "(0|[1-9]\\d{0,2})";
  const numbers = new RegExp(`^${decimal}\\.${decimal}\\.${decimal}\\.${decimal}/(0|[1-9]\\d?)$`).exec(text);
  const [a = 256, b = 256, c = 256, d = 256, prefix = 33] = (numbers ?? []).slice(1).map(Number);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  if ([a, b, c, d].some((byte) => byte > 255) || prefix > 32 || address % addressCount(prefix) !== 0) {
    throw new InvalidValueError(text, cidrAllowed);
  }
  return { address, prefix };
}

/**
 * Reads a range of addresses that may come in from the internet: all of it, or one without reserved addresses.
 *
 * @throws InvalidValueError for any other text
 */
export function parsePublicCidr(text: string): Cidr {
  const cidr = parseCidr(text);
  const reserved = reservedRanges.map(parseCidr).some((one) => containsCidr(one, cidr) || containsCidr(cidr, one));
  if (reserved && cidr.prefix > 0) throw new InvalidValueError(text, publicCidrAllowed);
  return cidr;
}

/** Writes a range as `parseCidr` reads it. */
export function formatCidr({ address, prefix }: Cidr): string {
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256);
  return `${bytes.join(".")}/${prefix}`;
}

/** How many addresses a range of this prefix has. */
export function addressCount(prefix: number): number {
  return 2 ** (32 - prefix);
}

/** Whether every address of `inner` is in `outer`. */
export function containsCidr(outer: Cidr, inner: Cidr): boolean {
  const first = inner.address - outer.address;
  return first >= 0 && first + addressCount(inner.prefix) <= addressCount(outer.prefix);
}

/** Whether the whole range is private (RFC 1918). */
export function isPrivateCidr(cidr: Cidr): boolean {
  return privateRanges.some((range) => containsCidr(parseCidr(range), cidr));
}

/** The shortest prefix that gives at least `count` equal parts of a range: 6 parts of a /16 need a /19. */
export function prefixForParts(outerPrefix: number, count: number): number {
  return outerPrefix + Math.ceil(Math.log2(count));
}

/** Whether a text is a private range of a size that a VPC can have. */
export function isVpcRange(text: string): boolean {
  try {
    const cidr = parseCidr(text);
    return isPrivateCidr(cidr) && cidr.prefix >= 16 && cidr.prefix <= 28;
  } catch {
    return false;
  }
}
