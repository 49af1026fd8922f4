import { cpSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { prepareLocust, stopCommands } from "../support/cli";
import { makeProject, type Project, removeProjects } from "../support/project";
import { type Measured, requestsOf, type SideBySideOptions, sideBySide, type Way } from "../support/side-by-side";

interface Case {
  readonly what: string;
  /** How many requests it makes, so that both are not equal because nothing happened. */
  readonly requests: number;
  readonly options?: Pick<SideBySideOptions, "seconds" | "ownHosts">;
}

/** By the script in `plain/`. */
const cases: Readonly<Record<string, Case>> = {
  "sequential.py": { what: "tasks in their order", requests: 63 },
  "nested.py": { what: "sets in sets, and the ways out of them", requests: 69 },
  "tags.py": { what: "tags", requests: 30 },
  "fixed_count.py": { what: "a fixed number of a class, and weights", requests: 21 },
  "shape.py": { what: "a load shape with classes", requests: 14, options: { seconds: 10 } },
  "own_client.py": { what: "clients that fire `request`, with fields of their own", requests: 72 },
  "two_hosts.py": { what: "a host for each class", requests: 20, options: { ownHosts: true } },
  "messages.py": { what: "messages between master and workers", requests: 18 },
  "start_stop.py": { what: "what comes before and after", requests: 42 },
  "listeners_raise.py": { what: "listeners that raise", requests: 48 },
  "leaving.py": { what: "users that leave", requests: 14 },
  "catch_response.py": { what: "failures by the script's own word", requests: 60 },
  "names.py": { what: "groups of requests under a name", requests: 117 },
  "greenlets.py": { what: "pools, time limits and polls of the script", requests: 45 },
  "streams.py": { what: "streams, redirects and cookies", requests: 108 },
  "failures.py": { what: "targets that misbehave", requests: 108, options: { seconds: 7 } },
  "exceptions.py": { what: "errors in tasks", requests: 27 },
  "own_stats.py": { what: "statistics that the script writes", requests: 59 },
  "own_arguments.py": { what: "arguments of the script", requests: 18 },
  "events_order.py": { what: "events, and what comes before `init`", requests: 18 },
};

/** Users that go by the clock, in requests: three of each class for five seconds. */
const paced = { "GET /throughput": 3 * 5 * 5, "GET /pacing": (3 * 5) / 0.25 };

const allPaced = Object.values(paced).reduce((sum, requests) => sum + requests, 0);

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
    const turns: Promise<unknown>[] = Array.from({ length: lanes }, () => Promise.resolve());
    for (const [index, [script, { requests, options }]] of Object.entries(cases).entries()) {
      const isWhole = (counted: number): boolean => counted === requests;
      const run = Promise.resolve(turns[index % lanes]).then(() =>
        sideBySide({ project, script, isWhole, ...options }),
      );
      runs.set(script, run);
      turns[index % lanes] = run.catch(() => undefined);
    }
    // By itself: beside another script's processes, its users come late on a machine of two cores.
    const isWhole = (requests: number): boolean => requests > allPaced * 0.9;
    runs.set(
      "paced.py",
      Promise.all(turns).then(() => sideBySide({ project, script: "paced.py", isWhole })),
    );
  });
  after(async () => {
    await stopCommands();
    removeProjects();
  });

  for (const [script, { what, requests }] of Object.entries(cases)) {
    it(`measures the same with ${what} (${script})`, async () => {
      const { plain, product } = await of(script);
      expect(requestsOf(plain), plain.output).to.equal(requests);
      for (const part of parts) expect(product[part], part).to.deep.equal(plain[part]);
    });
  }

  it("measures as much with users that go by the clock (paced.py), a tenth less at most", async () => {
    const { plain, product } = await of("paced.py");
    for (const [name, asked] of Object.entries(paced)) {
      expect(requestsOf(product, name), name).to.be.within(asked * 0.85, asked * 1.05);
      // Not more than plain's: a busy machine may have kept that one from being on time.
      expect(requestsOf(product, name), name).to.be.least(requestsOf(plain, name) - asked / 10);
    }
  });

  function of(script: string): Promise<Both> {
    return runs.get(script) ?? Promise.reject(new Error(`${script} was not run`));
  }
});
