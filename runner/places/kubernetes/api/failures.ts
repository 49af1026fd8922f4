import { codeOf, messageOf, RunnerError } from "../../../errors";
import { connectionReason } from "../../network";

/** What a message about a cluster names. */
export interface ClusterFacts {
  /** The kubeconfig's context. */
  readonly context: string;
  /** Host and port of the API server. */
  readonly server: string;
}

/** There was no answer of the API server: the same call may work in a moment. */
export class ClusterUnreachable extends RunnerError {
  override readonly name = "ClusterUnreachable";
}

/** The API server answered, and said no. */
export class ClusterRefused extends RunnerError {
  override readonly name = "ClusterRefused";

  constructor(
    message: string,
    /** HTTP status: 404 where there is no such object, 409 where it exists already or has changed meanwhile. */
    readonly status: number,
    options?: ErrorOptions,
  ) {
    super(message, undefined, options);
  }
}

/** Whether the same call may work in a moment: there was no answer, or the API server is busy, or has failed itself. */
export function isPassing(error: unknown): error is ClusterUnreachable | ClusterRefused {
  if (error instanceof ClusterUnreachable) return true;
  return error instanceof ClusterRefused && (error.status === 429 || error.status >= 500);
}

/** A call took longer than it may. */
export class CallTimeout extends Error {
  override readonly name = "CallTimeout";

  constructor(
    /** ms */
    readonly limit: number,
  ) {
    super(`no answer within ${limit / 1000} s`);
  }
}

/** An answer of the API server that is no success; the generated client throws errors of the same shape. */
export class ApiAnswer extends Error {
  override readonly name = "ApiAnswer";

  constructor(
    readonly code: number,
    /** JSON of a `Status`, or whatever a proxy before the API server said. */
    readonly body: unknown,
  ) {
    super(`status ${code}`);
  }
}

/**
 * One line, and the right type, for whatever a call has thrown: ClusterRefused for an answer, ClusterUnreachable where
 * there was none, RunnerError for the rest. `what` reads on from "cannot": "list the pods". Of the answer only the API's
 * own message is told: bodies may hold secrets.
 */
export function explainFailure(error: unknown, what: string, facts: ClusterFacts): RunnerError {
  if (error instanceof RunnerError) return error;
  const say = (why: string) => `cannot ${what}: ${why}`;
  const cause = { cause: error };
  const { status, message } = answerOf(error) ?? {};
  if (status !== undefined) return new ClusterRefused(say(refusal(status, message, facts)), status, cause);
  const reason = unreachableReason(error);
  if (reason !== undefined) {
    const text = say(`the API server at ${facts.server} cannot be reached: ${reason}`);
    return new ClusterUnreachable(text, undefined, cause);
  }
  return new RunnerError(say(otherReason(error, facts)), undefined, cause);
}

function otherReason(error: unknown, { server }: ClusterFacts): string {
  const file = unreadableFile(error);
  if (file !== undefined) return `${file} cannot be read`;
  if (/^ERR_OSSL/.test(codeOf(error) ?? "")) return "a certificate or key that the kubeconfig names is not one";
  if (error instanceof SyntaxError) return `what answers at ${server} is no Kubernetes API server`;
  return oneLine(messageOf(error));
}

/** The path of a file that could not be read: certificates and tokens that a kubeconfig names. */
export function unreadableFile(error: unknown): string | undefined {
  const { path, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return typeof path === "string" && (syscall === "open" || syscall === "read") ? path : undefined;
}

/** What an API server has answered that is no success; undefined for an error that is no answer. */
export function answerOf(error: unknown): { status: number; message: string | undefined } | undefined {
  const { code, body } = (error ?? {}) as { code?: unknown; body?: unknown };
  if (typeof code !== "number") return undefined;
  const { message } = (parsed(body) ?? {}) as { message?: unknown };
  return { status: code, message: typeof message === "string" && message !== "" ? oneLine(message) : undefined };
}

function parsed(body: unknown): unknown {
  if (typeof body !== "string") return body;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function refusal(status: number, message: string | undefined, { context, server }: ClusterFacts): string {
  const told = message === undefined ? "" : `: ${message}`;
  if (status === 401) return `the credentials of context ${context} are not accepted; have they expired?`;
  if (status === 403) return forbidden(message, context) ?? `context ${context} is not allowed to do that`;
  if (status === 429) return `the API server at ${server} is too busy${told}`;
  if (status >= 500) return `the API server at ${server} failed with ${status}${told}`;
  return message ?? `the API server at ${server} answered ${status}`;
}

/** What the API server says of who may not do what, without the words that say nothing. */
function forbidden(message: string | undefined, context: string): string | undefined {
  const pattern =
    /User "([^"]*)" cannot (\S+) resource "([^"]+)"(?: in API group "[^"]*")? (?:in the namespace "([^"]+)"|at the cluster scope)/;
  const [, user, verb, resource, namespace] = pattern.exec(message ?? "") ?? [];
  // A quota, or an admission controller: it has words of its own.
  if (verb === undefined) return message;
  const where = namespace === undefined ? "in the whole cluster" : `in namespace ${namespace}`;
  return `context ${context} is not allowed to ${verb} ${resource} ${where} (its user is ${user})`;
}

/** Why there was no answer; undefined for an error that says nothing of that. */
export function unreachableReason(error: unknown): string | undefined {
  if (error instanceof CallTimeout) return error.message;
  const known = connectionReason(error);
  if (known !== undefined) return known;
  const code = codeOf(error) ?? "";
  if (/^(DEPTH_ZERO_)?SELF_SIGNED_CERT|^UNABLE_TO_|^CERT_/.test(code)) {
    return "its certificate is not signed by the authority that the kubeconfig names";
  }
  const message = messageOf(error);
  const proxy = /Bad response: (\d+)/.exec(message)?.[1];
  if (proxy !== undefined) return `the proxy before it answered ${proxy}`;
  if (unreadableFile(error) !== undefined || /^ERR_OSSL/.test(code)) return undefined;
  if (/^E[A-Z0-9_]+$/.test(code)) return code;
  // Errors of the HTTP client without a code: a connection that ended in the middle of an answer.
  return /hang up|premature close|aborted/i.test(message) ? "the connection was cut" : undefined;
}

/** The first 300 characters, without line breaks. */
export function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}
