/** What large tests run into first on AWS: ports of NAT gateways, and Docker Hub's limit of pulls. Pure arithmetic. */
import { isIPv4 } from "node:net";
import { locustImage } from "./locust";
import { containsCidr, parseCidr, reservedRanges } from "./values/cidr";

/**
 * Connections that each address of a NAT gateway holds at a time to one address and port of a target. Source: "NAT
 * gateway basics" in the VPC user guide. Beyond it new connections fail (CloudWatch metric ErrorPortAllocation).
 */
export const connectionsPerAddress = 55_000;

/** The most addresses that a NAT gateway can have. Source: the same. */
const mostNatAddresses = 8;

/**
 * Pulls in six hours that Docker Hub gives an IPv4 address without a login. Source: "Docker Hub pull usage and limits"
 * in Docker's documentation; the lower figure that was once announced for 2025, 10 an hour, is not in it.
 */
const pullsPerAddress = 100;

/** Users of a run may be this share below or above what was asked. */
export const usersTolerance = 0.05;

/** From this share of what it may use on, a process may not keep up. */
export const saturatedShare = 0.9;

/** What the number of connections depends on. */
export interface NatLoad {
  /** Each keeps a connection of its own, as HttpUser and FastHttpUser do. */
  readonly users: number;
  /** NAT gateways that the pods' traffic goes through. */
  readonly gateways: number;
  /** Public addresses of all of them together. */
  readonly addresses: number;
  /**
   * The target's addresses, of which public IPv4 ones count: IPv6 and private networks have no NAT. Undefined where they
   * are not known, and taken for one.
   */
  readonly targetAddresses: readonly string[] | undefined;
}

/** Whether it matters how many addresses the target has: they need not be looked up for fewer users. */
export function mayExceedNat(users: number, addresses: number): boolean {
  return addresses > 0 && users > connectionsPerAddress * addresses;
}

/** What is wrong, and what to set, where the NAT gateways cannot hold a connection for each user; else undefined. */
export function natProblem({ users, gateways, addresses, targetAddresses }: NatLoad): string | undefined {
  const targets = targetAddresses === undefined ? 1 : targetAddresses.filter(isPublic).length;
  const most = connectionsPerAddress * addresses * targets;
  if (targets === 0 || addresses === 0 || users <= most) return undefined;
  const perGateway = Math.ceil(users / (connectionsPerAddress * targets * gateways));
  const mostOfAll = mostNatAddresses * gateways;
  const wanted = Math.ceil(users / (connectionsPerAddress * mostOfAll));
  const todo =
    perGateway <= mostNatAddresses
      ? `set natAddressesPerGateway to ${perGateway}, or aim at a target with more addresses`
      : `${mostNatAddresses} of natAddressesPerGateway are not enough: the target needs ${wanted} addresses, or to be in the same VPC or one peered with it`;
  const ofTarget =
    targetAddresses === undefined
      ? "each address of the target, here taken for one"
      : `each of the target's ${targets}`;
  return (
    `${users} users may need more connections than NAT has room for: ${most}, ${connectionsPerAddress} from each of ` +
    `${addresses} NAT ${plural("address", addresses)} to ${ofTarget}. Others fail at random: ${todo}`
  );
}

/** What images a load test pulls, and through how many addresses. */
export interface Pulls {
  readonly workers: number;
  /** Public addresses that pods pull through. */
  readonly addresses: number;
  /** Reference of the pods' image. */
  readonly image: string;
}

/** What is wrong where Docker Hub would refuse pulls of a first start, as Fargate pulls for each pod; else undefined. */
export function pullProblem({ workers, addresses, image }: Pulls): string | undefined {
  const pods = workers + 1;
  const most = pullsPerAddress * addresses;
  if (addresses === 0 || pods <= most || !isOnDockerHub(image)) return undefined;
  const todo =
    image === locustImage ? "Set imageSource to ecr" : "Push the image to a registry without a limit, such as ECR";
  return (
    `${pods} pods pull ${image}, and Docker Hub gives ${addresses} NAT ${plural("address", addresses)} ${most} pulls ` +
    `in six hours (${pullsPerAddress} each, without a login): the others do not start. ${todo}`
  );
}

/** A reference without a registry is Docker Hub's: `locustio/locust:2.47.0`. */
function isOnDockerHub(image: string): boolean {
  const [first = "", ...rest] = image.split("/");
  const registry = rest.length > 0 && /[.:]|^localhost$/.test(first) ? first : "docker.io";
  return /^((index|registry-1)\.)?docker\.io$|^registry\.hub\.docker\.com$/.test(registry);
}

/** Whether an address is IPv4 and of the Internet, so that pods reach it through NAT. */
export function isPublic(address: string): boolean {
  if (!isIPv4(address)) return false;
  const one = parseCidr(`${address}/32`);
  return !reservedRanges.some((range) => containsCidr(parseCidr(range), one));
}

function plural(noun: string, count: number): string {
  return count === 1 ? noun : `${noun}es`;
}
