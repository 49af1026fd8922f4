import type { AskedArrivals } from "../../settings/values/arrivals";
import { codeOf, messageOf } from "../errors";
import type { LocustStatus, RecordedSeries } from "../types";
import type { Counts } from "../types/counts";

/** Where a master answers, and the token that state-changing requests need. */
export interface Endpoint {
  /** `http://127.0.0.1:8089`, without a slash at the end. */
  readonly url: string;
  readonly token: string;
}

/** What a run is started with. */
export interface SwarmRequest {
  readonly users: number;
  /** Users a second. */
  readonly spawnRate: number;
  /** Seconds after which Locust stops by itself, even when nobody asks it any more. */
  readonly runTime?: number;
  readonly host?: string;
  /** Null for users that wait as the script says; undefined leaves it as it is, for a plugin that knows no rates. */
  readonly arrivals?: AskedArrivals | null;
}

/** The master did not answer: it is not there, or not yet. */
export class MasterUnreachable extends Error {
  override readonly name = "MasterUnreachable";
}

/** The master answered with a refusal. */
export class LocustRefused extends Error {
  override readonly name = "LocustRefused";
}

/** `corrected.csv` has the times of `requests.csv` from when each iteration was due: of runs with an arrival rate. */
export type CsvName = "requests.csv" | "failures.csv" | "exceptions.csv" | "corrected.csv";

const csvRoutes: Readonly<Record<CsvName, string>> = {
  "requests.csv": "/stats/requests/csv",
  "failures.csv": "/stats/failures/csv",
  "exceptions.csv": "/exceptions/csv",
  "corrected.csv": "/loadtest/corrected/csv",
};

/** A client of Locust's web API, with the plugin's status route. It never retries: that is the caller's decision. */
export class LocustClient {
  constructor(
    private readonly endpoint: Endpoint,
    /** How long an answer may take, in ms. */
    private readonly timeout = 3000,
  ) {}

  /** One uncached view of the test. */
  async status(signal?: AbortSignal): Promise<LocustStatus> {
    const response = await this.request("/loadtest/status", { signal });
    return (await response.json()) as LocustStatus;
  }

  /** Starts a test, or changes the one that is going on. Locust accepts this without workers too, and does nothing. */
  async swarm(request: SwarmRequest, signal?: AbortSignal): Promise<void> {
    const form = new URLSearchParams({ user_count: String(request.users), spawn_rate: String(request.spawnRate) });
    // Locust's durations are whole seconds.
    if (request.runTime !== undefined) form.set("run_time", `${Math.ceil(request.runTime)}s`);
    if (request.host !== undefined) form.set("host", request.host);
    if (request.arrivals !== undefined) form.set("arrival_rate", request.arrivals?.rate ?? "");
    if (request.arrivals) form.set("arrival_spacing", request.arrivals.spacing);
    const response = await this.request("/swarm", { method: "POST", body: form, signal });
    const answer = (await response.json()) as { success?: boolean; message?: string };
    // Locust answers a refusal with 200.
    if (answer.success !== true) throw new LocustRefused(answer.message ?? "Locust refused to start the test");
  }

  /** Stops the test; Locust answers when its users are gone, which may take as long as their last request. */
  async stop(timeout: number, signal?: AbortSignal): Promise<void> {
    await this.request("/stop", { method: "POST", timeout, signal });
  }

  /**
   * Lets a key do what the token does, for a bounded time, so that an address can be shown that is worthless later.
   *
   * @param key 32 to 128 letters, digits, `-` or `_`
   * @param seconds at most 3,600; 0 ends it
   */
  async admit(key: string, seconds: number, signal?: AbortSignal): Promise<void> {
    const body = new URLSearchParams({ key, seconds: String(seconds) });
    await this.request("/loadtest/session", { method: "POST", body, signal });
  }

  /**
   * All that was counted since the start of the latest test.
   *
   * @param now whether workers are asked for what they have counted up to now; else it may be three seconds old
   * @param names whether each request is told by itself, too
   */
  async counts({ now, names }: { now: boolean; names: boolean }, signal?: AbortSignal): Promise<Counts> {
    const query = `${now ? "now=1&" : ""}${names ? "names=1" : ""}`;
    // With a huge variety of names it is megabytes.
    const options = { timeout: this.timeout * 3, signal };
    return (await (await this.request(`/loadtest/counts?${query}`, options)).json()) as Counts;
  }

  /** Samples of the latest test, taken later than `after` seconds from its start; -1 for all. */
  async samples(after: number, signal?: AbortSignal): Promise<RecordedSeries> {
    const options = { timeout: this.timeout * 3, signal };
    return (await (await this.request(`/loadtest/samples?after=${after}`, options)).json()) as RecordedSeries;
  }

  /** Tells the master that the results of this test are kept; refused while it is going on, or is not the latest. */
  async kept(run: number, signal?: AbortSignal): Promise<void> {
    await this.request("/loadtest/kept", { method: "POST", body: new URLSearchParams({ run: String(run) }), signal });
  }

  async csv(name: CsvName, signal?: AbortSignal): Promise<string> {
    // With a huge variety of names Locust takes seconds to write them.
    return (await this.request(csvRoutes[name], { timeout: this.timeout * 10, signal })).text();
  }

  /** Locust's own report: one HTML file of about 1 MB. */
  async report(signal?: AbortSignal): Promise<string> {
    return (await this.request("/stats/report?download=1", { timeout: this.timeout * 3, signal })).text();
  }

  private async request(
    path: string,
    options: { method?: string; body?: URLSearchParams; timeout?: number; signal?: AbortSignal | undefined },
  ): Promise<Response> {
    const timeout = AbortSignal.timeout(options.timeout ?? this.timeout);
    const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
    let response: Response;
    try {
      response = await fetch(this.endpoint.url + path, {
        method: options.method ?? "GET",
        headers: { authorization: `Bearer ${this.endpoint.token}` },
        redirect: "error",
        signal,
        ...(options.body === undefined ? {} : { body: options.body }),
      });
      if (!response.ok) {
        const html = /html/.test(response.headers.get("content-type") ?? "");
        const text = html ? "" : `: ${(await response.text()).slice(0, 200)}`;
        throw new LocustRefused(`Locust answered ${response.status} to ${path.split("?")[0]}${text}`);
      }
      // The body is read here, so that a connection that breaks in the middle counts as one that failed.
      const body = await response.arrayBuffer();
      return new Response(body, { status: response.status, headers: response.headers });
    } catch (error) {
      if (error instanceof LocustRefused) throw error;
      throw new MasterUnreachable(`no answer from ${this.endpoint.url}: ${codeOf(error) ?? messageOf(error)}`, {
        cause: error,
      });
    }
  }
}
