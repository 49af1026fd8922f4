import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { skip } from "../support/needs";
import { fixtures, startLocust, stopAll } from "./processes";

/** More than `select()` has descriptors for. */
const users = 1300;

describe("The connections of FastHttpUsers", function () {
  this.timeout(60_000);
  afterEach(stopAll);

  it("are one a user, also beyond a thousand users in a process", async function () {
    const limit = execFileSync("sh", ["-c", "ulimit -H -n"], { encoding: "utf8" }).trim();
    if (Number(limit) < users + 200) skip(this, `no more than ${limit} open files are allowed here`);
    let [connections, requests] = [0, 0];
    const target = createServer((_, response) => {
      requests++;
      response.end("hello");
    });
    // Longer than users wait.
    target.keepAliveTimeout = 30_000;
    target.on("connection", () => connections++);
    await new Promise<void>((resolve) => target.listen({ port: 0, host: "127.0.0.1", backlog: users }, resolve));
    const host = `http://127.0.0.1:${(target.address() as AddressInfo).port}`;
    const load = ["-u", `${users}`, "-r", "650", "-t", "9s", "--stop-timeout", "3", "--host", host];
    const locust = await startLocust(join(fixtures, "many_connections.py"), ["--headless", "--only-summary", ...load]);
    const code = await locust.ended;
    target.closeAllConnections();
    target.close();
    expect(code, locust.output()).to.equal(0);
    expect(requests).to.be.greaterThan(users * 2);
    expect(connections).to.equal(users);
  });
});
