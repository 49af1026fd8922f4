import { connect } from "node:net";
import { expect } from "chai";
import { type DemoTarget, startDemoTarget } from "../../runner/demo/target";
import { ask, sleep, until } from "./processes";

describe("The demo target", () => {
  let target: DemoTarget;
  let port: number;

  beforeEach(async () => {
    target = await startDemoTarget({ port: 0, failEvery: 3 });
    port = Number(new URL(target.url).port);
  });
  afterEach(() => target.close());

  const rows: [method: string, path: string, headers: Record<string, string>, body: string, status: number][] = [
    ["GET", "/", {}, "", 200],
    ["GET", "/?a=b", {}, "", 200],
    ["HEAD", "/", {}, "", 200],
    ["GET", "/products", {}, "", 200],
    ["GET", "/products/20", {}, "", 200],
    ["GET", "/products/21", {}, "", 404],
    ["POST", "/login", {}, '{"username":"demo","password":"demo"}', 200],
    ["POST", "/login", {}, '{"username":"demo","password":"other"}', 401],
    ["POST", "/login", {}, "null", 401],
    ["POST", "/cart", {}, "{}", 401],
    ["POST", "/cart", { authorization: "Bearer demo-token" }, "{}", 200],
    ["GET", "/elsewhere", {}, "", 404],
    ["DELETE", "/", {}, "", 404],
  ];
  for (const [method, path, headers, body, status] of rows) {
    it(`answers ${status} to ${method} ${path} ${body}`, async () => {
      expect((await ask(port, method, path, headers, body)).status).to.equal(status);
    });
  }

  it("counts what it has answered", async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 6; index += 1) statuses.push((await ask(port, "GET", "/flaky")).status);
    expect(statuses).to.deep.equal([200, 200, 500, 200, 200, 500]);
    await ask(port, "GET", "/products/1");
    await ask(port, "GET", "/no-such-thing");
    const counts = {
      requests: 8,
      failures: 3,
      aborted: 0,
      byRoute: {
        "GET /flaky": { requests: 6, failures: 2 },
        "GET /products/:id": { requests: 1, failures: 0 },
        unknown: { requests: 1, failures: 1 },
      },
    };
    expect(target.counts()).to.deep.equal(counts);
    expect(JSON.parse((await ask(port, "GET", "/-/counts")).body)).to.deep.equal(counts);
  });

  it("counts a client that went away apart", async () => {
    const socket = connect(port, "127.0.0.1");
    socket.write("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await sleep(100);
    socket.destroy();
    await until(async () => target.counts().aborted === 1, "the client to be gone");
    await sleep(1000); // the answer would be sent by now
    expect(target.counts()).to.deep.include({ requests: 0, aborted: 1 });
  });
});
