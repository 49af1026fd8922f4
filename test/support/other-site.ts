import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What a server was asked. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly cookie: string;
  readonly body: string;
}

/** A small server of somebody else: serves an empty page, and remembers what it was asked. */
export class OtherSite {
  readonly seen: Seen[] = [];

  private constructor(private readonly server: Server) {
    server.on("request", async (request, response) => {
      let body = "";
      for await (const part of request.setEncoding("utf8")) body += part;
      const { method = "", url = "", headers } = request;
      this.seen.push({ method, path: url, cookie: headers.cookie ?? "", body });
      response.writeHead(200, { "content-type": "text/html", "access-control-allow-origin": headers.origin ?? "*" });
      response.end("<!doctype html><title>Other site</title>");
    });
  }

  static async open(): Promise<OtherSite> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new OtherSite(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** Ways in which a page makes the browser ask another site: statements that take its address, with `post` at hand. */
const ways: Readonly<Record<string, (url: string) => string>> = {
  "a fetch": (url) => `fetch("${url}", { ...post, mode: "no-cors", credentials: "include" })`,
  "a fetch without a referrer": (url) =>
    `fetch("${url}", { ...post, mode: "no-cors", credentials: "include", referrerPolicy: "no-referrer" })`,
  "a fetch that outlives its page": (url) =>
    `fetch("${url}", { ...post, mode: "no-cors", credentials: "include", keepalive: true })`,
  "a CORS fetch": (url) => `fetch("${url}", { ...post, credentials: "include" }).catch(() => {})`,
  "a CORS fetch with a preflight": (url) =>
    `fetch("${url}", { ...post, credentials: "include", headers: { "x-a": "b" } }).catch(() => {})`,
  "a beacon": (url) => `navigator.sendBeacon("${url}", post.body)`,
  "a form": (url) => submit(url, "POST", "_self"),
  "a form in a new tab": (url) => submit(url, "POST", "_blank"),
  "a form in a frame": (url) => `${append("iframe", '{ name: "frame" }')}; ${submit(url, "POST", "frame")}`,
  "a form in a sandboxed frame": (url) => {
    // Not at once: what a frame does before it is followed stays unseen.
    const inside = `<body><script>${preamble}; setTimeout(() => { ${submit(url, "POST", "_self")} }, 300)</script>`;
    return append("iframe", `{ sandbox: "allow-scripts allow-forms", srcdoc: ${JSON.stringify(inside)} }`);
  },
  "a form that only gets": (url) => submit(url, "GET", "_self"),
  "a link in a new tab": (url) => `window.open("${url}?" + post.body)`,
  "an image": (url) => append("img", `{ src: "${url}?" + post.body }`),
  "a script": (url) => append("script", `{ src: "${url}?" + post.body }`),
};

export const wayNames = Object.keys(ways);

const preamble = `const post = { method: "POST", body: new URLSearchParams({ user_count: "50", spawn_rate: "50" }) }`;

/** A script for a page: asks another site to start 50 users, in one of these ways, and does not wait. */
export function asking(way: string, url: string): string {
  return `(() => { ${preamble}; ${ways[way]?.(url)}; })()`;
}

function append(element: string, properties: string): string {
  return `document.body.append(Object.assign(document.createElement("${element}"), ${properties}))`;
}

function submit(url: string, method: string, target: string): string {
  return `const form = document.createElement("form");
    Object.assign(form, { method: "${method}", action: "${url}", target: "${target}" });
    for (const [name, value] of post.body) form.append(Object.assign(document.createElement("input"), { name, value }));
    document.body.append(form);
    form.submit()`;
}
