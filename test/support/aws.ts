/** Stand-ins for AWS: a small server that answers as it is told, and moto's for what moto knows. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ensureEnvironment } from "../../runner/places/local/environment";
import { freePort } from "../../runner/places/network";
import { cacheDirectory } from "./python";

/** A call of an action: `iam:SimulatePrincipalPolicy`. */
export interface AwsCall {
  readonly action: string;
  /** As JSON has them, or by the names of a form: `ActionNames.member.1`. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** What is answered: fields of the result, an error by AWS' name of it, or nothing at all. */
export type AwsReply =
  | { readonly result: Readonly<Record<string, unknown>> }
  | { readonly error: string; readonly message: string }
  | "silence";

const account = "123456789012";

/** Services by what their calls look like: those with JSON name themselves in a header, the others a version in a form. */
const services: Readonly<Record<string, string>> = {
  ...{ "2010-05-08": "iam", "2011-06-15": "sts", "2016-11-15": "ec2" },
  GraniteServiceVersion20100801: "cloudwatch",
  ...{ ServiceQuotasV20190624: "servicequotas", ResourceGroupsTaggingAPI_20170126: "tagging" },
};

export class ScriptedAws {
  readonly calls: AwsCall[] = [];
  /** Actions that have no entry are answered with an error. */
  replies: Record<string, (call: AwsCall) => AwsReply> = {};

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {
    server.on("request", async (request, response) => {
      const body = (await request.setEncoding("utf8").toArray()).join("");
      const target = request.headers["x-amz-target"];
      const form = new URLSearchParams(body);
      const json = typeof target === "string";
      const [name = "", method] = json ? target.split(".") : [form.get("Version") ?? "", form.get("Action")];
      const action = `${services[name]}:${method}`;
      const call = { action, input: json ? JSON.parse(body) : Object.fromEntries(form) };
      this.calls.push(call);
      const unknown = { error: "InvalidAction", message: `nobody has told what ${action} gives` };
      const reply = this.replies[action]?.(call) ?? unknown;
      if (reply === "silence") return;
      const isError = "error" in reply;
      response.statusCode = isError ? 400 : 200;
      response.end(json ? asJson(reply) : asXml(reply, action));
    });
  }

  static async start(): Promise<ScriptedAws> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new ScriptedAws(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  /** What a process needs to take it for AWS. */
  get env(): Record<string, string> {
    return { ...credentials, AWS_ENDPOINT_URL: this.url };
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await once(this.server.close(), "close");
  }
}

/** Nobody's. */
export const credentials = {
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  AWS_SECRET_ACCESS_KEY: "secret",
  AWS_REGION: "us-east-2",
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_CONFIG_FILE: "/nonexistent",
  AWS_SHARED_CREDENTIALS_FILE: "/nonexistent",
};

/** Sets variables of this process; gives what sets them back. */
export function withEnvironment(variables: Readonly<Record<string, string | undefined>>): () => void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  const set = (entries: readonly (readonly [string, string | undefined])[]) => {
    for (const [name, value] of entries) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  set(Object.entries(variables));
  return () => set(before);
}

/** Has each test of the suite around it take a scripted AWS for AWS. @param use gets it before each test */
export function useScriptedAws(use: (aws: ScriptedAws) => void): void {
  let aws: ScriptedAws;
  let restore: () => void;
  beforeEach(async () => {
    aws = await ScriptedAws.start();
    restore = withEnvironment(aws.env);
    use(aws);
  });
  afterEach(async () => {
    restore();
    await aws.close();
  });
}

/** A user who asks; or any other ARN. */
export function identity(arn = `arn:aws:iam::${account}:user/dev`): AwsReply {
  return { result: { Arn: arn, UserId: "AIDAEXAMPLE", Account: account } };
}

/** IAM's simulation of a call's actions; allows all of them, unless told. */
export function simulated({ input }: AwsCall, decide: (action: string) => string = () => "allowed"): AwsReply {
  const asked = Object.entries(input).filter(([key]) => /^ActionNames\.member\.\d+$/.test(key));
  const EvaluationResults = asked.map(([, action]) => ({
    EvalActionName: action,
    EvalDecision: decide(String(action)),
  }));
  return { result: { EvaluationResults, IsTruncated: false } };
}

function asJson(reply: Exclude<AwsReply, "silence">): string {
  return JSON.stringify("error" in reply ? { __type: reply.error, message: reply.message } : reply.result);
}

function asXml(reply: Exclude<AwsReply, "silence">, action: string): string {
  const [service, name] = action.split(":");
  if ("error" in reply) {
    const error = `<Error><Code>${reply.error}</Code><Message>${reply.message}</Message></Error>`;
    if (service === "ec2") return `<Response><Errors>${error}</Errors><RequestID>1</RequestID></Response>`;
    return `<ErrorResponse>${error}<RequestId>1</RequestId></ErrorResponse>`;
  }
  const fields = elements(reply.result, service === "ec2" ? "item" : "member");
  if (service === "ec2") return `<${name}Response><requestId>1</requestId>${fields}</${name}Response>`;
  return `<${name}Response><${name}Result>${fields}</${name}Result></${name}Response>`;
}

function elements(value: unknown, item: string): string {
  if (Array.isArray(value)) return value.map((one) => `<${item}>${elements(one, item)}</${item}>`).join("");
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value)
    .map(([key, one]) => `<${key}>${elements(one, item)}</${key}>`)
    .join("");
}

/** moto's server, with an account of its own. */
export class Moto {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    /** A Python with moto and AWS' SDK. */
    readonly python: string,
  ) {}

  /** Installs moto where it is missing. */
  static async start(): Promise<Moto> {
    const python = await ensureEnvironment({
      directory: cacheDirectory,
      requirements: join(__dirname, "moto-requirements.txt"),
      progress: (text) => console.log(`      ${text.replace("Locust", "moto")}`),
    });
    const port = await freePort();
    const args = ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)];
    const child = spawn(python, args, { stdio: "ignore" });
    const url = `http://127.0.0.1:${port}`;
    for (let attempt = 0; ; attempt++) {
      if (
        await fetch(`${url}/moto-api/`).then(
          () => true,
          () => false,
        )
      )
        return new Moto(child, url, python);
      if (attempt > 150 || child.exitCode !== null) throw new Error("moto's server does not start");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    this.child.kill("SIGKILL");
    await once(this.child, "exit");
  }
}
