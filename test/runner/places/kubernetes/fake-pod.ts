import type { IncomingMessage, ServerResponse } from "node:http";
import { refuse } from "./api/fake-api";

/** The path of a pod's log; its group is the pod's name. */
export const logPath = /^\/api\/v1\/namespaces\/locust\/pods\/([^/]+)\/log\?/;

export const queryOf = ({ url }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(new URL(url ?? "", "http://x").searchParams);

/** The log of one pod: its lines, and what becomes of those who follow it. */
export class FakePod {
  readonly lines: string[] = [];
  container = { containerID: "one", state: { running: {} } as object, lastState: {} as object };
  queries: Record<string, string>[] = [];
  there = true;
  before: string[] = [];
  readonly followers = new Set<ServerResponse>();
  /** Refuses to read the log. */
  refuse: ((response: ServerResponse) => void) | undefined;

  answer(request: IncomingMessage, response: ServerResponse): void {
    if (!this.there) refuse(response, 404, 'pods "w" not found');
    else if (logPath.test(request.url ?? "")) this.log(queryOf(request), response);
    else {
      const status = { phase: "Running", containerStatuses: [{ name: "locust", ...this.container }] };
      response.setHeader("content-type", "application/json").end(JSON.stringify({ status }));
    }
  }

  private log(query: Record<string, string>, response: ServerResponse): void {
    this.queries.push(query);
    if (this.refuse === undefined) this.send(query, response);
    else this.refuse(response);
  }

  private send(query: Record<string, string>, response: ServerResponse): void {
    const log = query.previous === "true" ? this.before : this.lines;
    const since = Math.floor(Date.parse(query.sinceTime ?? "1970-01-01T00:00:00Z") / 1000) * 1000;
    const from = log.filter((line) => Date.parse(line.split(" ")[0] ?? "") >= since);
    const tail = query.tailLines === undefined ? from : from.slice(from.length - Number(query.tailLines));
    response.writeHead(200);
    response.write(tail.map((line) => `${line}\n`).join(""));
    if ("running" in this.container.state && query.follow === "true") this.followers.add(response);
    else response.end();
  }

  write(text: string): void {
    const line = `${new Date().toISOString().slice(0, -1)}000000Z ${text}`;
    this.lines.push(line);
    for (const follower of this.followers) follower.write(`${line}\n`);
  }

  end(): void {
    this.container = { ...this.container, state: { terminated: {} } };
    this.cut((follower) => follower.end());
  }

  cut(how: (follower: ServerResponse) => void): void {
    for (const follower of this.followers) how(follower);
    this.followers.clear();
  }
}
