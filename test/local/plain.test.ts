import { cpSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { prepareLocust, stopCommands } from "../support/cli";
import { makeProject, type Project, removeProjects } from "../support/project";
import { type Measured, type SideBySideOptions, sideBySide, type Way } from "../support/side-by-side";

interface Case {
  readonly what: string;
  /** How many requests of one name plain Locust has, so that both are not equal because nothing happened. */
  readonly shows: readonly [name: string, requests: number];
  readonly options?: Pick<SideBySideOptions, "seconds" | "ownHosts">;
}

/** By the script in `plain/`. */
const cases: Readonly<Record<string, Case>> = {
  "sequential.py": { what: "tasks in their order", shows: ["GET /cart", 15] },
  "nested.py": { what: "sets in sets, and the ways out of them", shows: ["GET /inner/4", 9] },
  "tags.py": { what: "tags", shows: ["GET /first", 18] },
  "fixed_count.py": { what: "a fixed number of a class, and weights", shows: ["GET /admin", 3] },
  "shape.py": { what: "a load shape with classes", shows: ["GET /early", 8], options: { seconds: 10 } },
  "own_client.py": { what: "clients that fire `request`, with fields of their own", shows: ["PUB topic", 24] },
  "two_hosts.py": { what: "a host for each class", shows: ["GET /items", 6], options: { ownHosts: true } },
  "messages.py": { what: "messages between master and workers", shows: ["GET /account-5", 3] },
  "start_stop.py": { what: "what comes before and after", shows: ["POST /logout", 6] },
  "listeners_raise.py": { what: "listeners that raise", shows: ["GET /status/500", 24] },
  "leaving.py": { what: "users that leave", shows: ["GET /hello", 2] },
  "catch_response.py": { what: "failures by the script's own word", shows: ["GET by exception", 12] },
  "names.py": { what: "groups of requests under a name", shows: ["GET /item/[id]", 54] },
  "greenlets.py": { what: "pools, time limits and polls of the script", shows: ["GET /part", 16] },
  "streams.py": { what: "streams, redirects and cookies", shows: ["GET not followed", 12] },
  "failures.py": { what: "targets that misbehave", shows: ["GET closed", 12] },
  "exceptions.py": { what: "errors in tasks", shows: ["GET /before", 21] },
  "own_stats.py": { what: "statistics that the script writes", shows: ["SEED on the master", 3] },
  "own_arguments.py": { what: "arguments of the script", shows: ["GET /acme/us/3", 18] },
  "events_order.py": { what: "events, and what comes before `init`", shows: ["GET /", 18] },
};

/** Users that go by the clock, in requests: three of each class for five seconds. */
const paced = { "GET /throughput": 3 * 5 * 5, "GET /pacing": (3 * 5) / 0.25 };

const parts = ["requests", "failures", "exceptions", "said", "came"] satisfies (keyof Measured)[];

/** Scripts at a time; each is six processes of Locust. */
const lanes = 2;

type Both = { plain: Way; product: Way };

describe("A run beside one of plain Locust", function () {
  // For the first test too, which may wait for its turn on a busy machine.
  this.timeout(600_000);
  let project: Project;
  const runs = new Map<string, Promise<Both>>();

  before(async () => {
    await prepareLocust();
    project = makeProject();
    cpSync(join(__dirname, "plain"), join(project.directory, "scripts"), { recursive: true });
    const scripts = [...Object.keys(cases), "paced.py"];
    const turns: Promise<unknown>[] = Array.from({ length: lanes }, () => Promise.resolve());
    for (const [index, script] of scripts.entries()) {
      const before = turns[index % lanes];
      const run = Promise.resolve(before).then(() => sideBySide({ project, script, ...cases[script]?.options }));
      runs.set(script, run);
      turns[index % lanes] = run.catch(() => undefined);
    }
  });
  after(async () => {
    await stopCommands();
    removeProjects();
  });

  for (const [script, { what, shows }] of Object.entries(cases)) {
    it(`measures the same with ${what} (${script})`, async () => {
      const { plain, product } = await of(script);
      const [name, requests] = shows;
      expect(plain.requests[name], plain.output).to.match(new RegExp(`^${requests} requests`));
      for (const part of parts) expect(product[part], part).to.deep.equal(plain[part]);
    });
  }

  it("measures as much with users that go by the clock (paced.py), a tenth more or less", async () => {
    const { plain, product } = await of("paced.py");
    for (const [name, asked] of Object.entries(paced)) {
      const [theirs, ours] = [plain, product].map(({ requests }) => Number.parseInt(requests[name] ?? "", 10));
      expect(ours, name).to.be.within(asked * 0.85, asked * 1.05);
      expect(ours, name).to.be.closeTo(theirs ?? 0, asked / 10);
    }
  });

  function of(script: string): Promise<Both> {
    return runs.get(script) ?? Promise.reject(new Error(`${script} was not run`));
  }
});
