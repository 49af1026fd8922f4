/** An OpenTelemetry collector and a target for tests: what arrives at them is kept, and compared. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ensureEnvironment } from "../../runner/places/local/environment";
import { cacheDirectory } from "./python";

const root = join(__dirname, "..", "..");

/** A span as it was sent; ids in hexadecimal digits. */
export interface Span {
  readonly service: string;
  readonly name: string;
  /** 3: of a client. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  /** 2: an error. */
  readonly status: number;
  readonly attributes: Readonly<Record<string, string | number>>;
}

const decode = `
import base64, json, sys
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
def value(one):
  kind = one.WhichOneof("value")
  return getattr(one, kind) if kind in ("string_value", "int_value", "bool_value", "double_value") else None
def pairs(some): return {one.key: value(one.value) for one in some}
spans = []
for body in json.load(sys.stdin):
  for resource in ExportTraceServiceRequest.FromString(base64.b64decode(body)).resource_spans:
    service = pairs(resource.resource.attributes)["service.name"]
    for scope in resource.scope_spans:
      for span in scope.spans:
        spans.append({"service": service, "name": span.name, "kind": span.kind, "traceId": span.trace_id.hex(),
          "spanId": span.span_id.hex(), "status": span.status.code, "attributes": pairs(span.attributes)})
json.dump(spans, sys.stdout)`;

/** The Python of a local run with `otelEndpoint`; installs it where it is missing. */
export function otelPython(): Promise<string> {
  const locust = join(root, "locust");
  return ensureEnvironment({
    ...{ directory: cacheDirectory, requirements: join(locust, "requirements.txt"), packages: ["locust[otel]"] },
    constraints: join(locust, "constraints.txt"),
    progress: (text) => console.log(`      ${text}`),
  });
}

/** Answers everything; keeps what was asked. */
export class Listener {
  readonly requests: { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: Buffer }[] = [];

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  /** @param silent takes requests, and never answers */
  static async start(silent = false): Promise<Listener> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const made = new Listener(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on("request", async (request, response) => {
      const body = Buffer.concat(await request.toArray());
      made.requests.push({ path: request.url ?? "", headers: request.headers, body });
      if (silent) return;
      response.statusCode = request.url === "/broken" ? 500 : 200;
      response.end();
    });
    return made;
  }

  /** The spans that came, of a collector. */
  async spans(): Promise<Span[]> {
    const bodies = this.requests.filter(({ path }) => path === "/v1/traces").map(({ body }) => body.toString("base64"));
    const input = JSON.stringify(bodies);
    const options = { input, encoding: "utf8", maxBuffer: 64 << 20 } as const;
    return JSON.parse(execFileSync(await otelPython(), ["-c", decode], options)) as Span[];
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await once(this.server.close(), "close");
  }
}
