import { type Trouble, trouble } from "./trouble-kinds";

/** What the end of a long message means, the most telling first. */
const causes: readonly (readonly [RegExp, string, boolean])[] = [
  [/no match for platform/, "there is none for the node's kind of processor", true],
  [/toomanyrequests|429 Too Many/i, "the registry limits how many may be pulled", false],
  [
    /pull access denied|insufficient_scope|unauthorized|authorization failed|403 Forbidden|no basic auth/i,
    "the registry denies access, or does not have it",
    true,
  ],
  [/x509|certificate/, "the registry's certificate is not trusted", true],
  [/no such host/, "the registry's name is not known", false],
  [
    /dial tcp|i\/o timeout|connection re(fused|set)|deadline exceeded|TLS handshake/,
    "the registry cannot be reached",
    false,
  ],
  [/no space left on device/, "the node's disk is full", false],
  [/not found|does not exist|manifest unknown/i, "the registry does not have it", true],
];

/**
 * Why a container's image is not there.
 *
 * @param reason for which the container waits
 * @param message with which it waits; Kubernetes before 1.31 has no cause in it while it waits to try again
 * @param failure message of the event of the latest failure, where there is one
 */
export function imageTrouble(image: string, reason: string, message = "", failure = ""): Trouble {
  if (reason === "InvalidImageName") {
    return trouble("image", `image ${JSON.stringify(image)} is not a valid reference`, true);
  }
  if (reason === "ErrImageNeverPull") {
    return trouble("image", `image ${image} is not on the node, and its imagePullPolicy is Never`, true);
  }
  const said = /^Back-off pulling image "[^"]*"$/.test(message) || message === "" ? failure : message;
  const cause = causes.find(([pattern]) => pattern.test(said));
  if (cause !== undefined) return trouble("image", `image ${image} cannot be pulled: ${cause[1]}`, cause[2]);
  // The last of a chain of messages is the cause of the others.
  const last = said.split(": ").at(-1) ?? "";
  return trouble("image", `image ${image} cannot be pulled${last === "" ? "" : `: ${last}`}`);
}
