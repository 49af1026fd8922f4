import { connect } from "node:net";
import { expect } from "chai";
import {
  type Answer,
  ask,
  fixtures,
  freePort,
  type Master,
  post,
  startLocust,
  startMaster,
  stopAll,
  token,
} from "./processes";

const script = `${fixtures}/mixed.py`;
const bearer = { authorization: `Bearer ${token}` };
const form = { "content-type": "application/x-www-form-urlencoded" };
const link = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };

describe("The guard of Locust's web UI", function () {
  this.timeout(40_000);
  let master: Master;
  let own: string;

  before(async () => {
    master = await startMaster(script);
    own = `http://127.0.0.1:${master.webPort}`;
  });
  after(stopAll);

  const rows: [what: string, method: string, path: string, headers: () => Record<string, string>, status: number][] = [
    ["the web UI", "GET", "/", () => ({}), 200],
    ["the web UI by another name of this machine", "GET", "/", () => ({ host: `localhost:${master.webPort}` }), 200],
    ["the web UI by its IPv6 address", "GET", "/", () => ({ host: `[::1]:${master.webPort}` }), 200],
    ["a rebound name", "GET", "/stats/requests", () => ({ host: `evil.example:${master.webPort}` }), 403],
    ["a rebound name with the token", "POST", "/stop", () => ({ host: "evil.example", ...bearer }), 403],
    ["the web UI's own request", "GET", "/stats/requests", () => ({ origin: own }), 200],
    ["another page's request", "GET", "/stats/requests", () => ({ origin: "http://evil.example" }), 403],
    ["another port's request", "GET", "/stats/requests", () => ({ origin: "http://127.0.0.1:1" }), 403],
    ["a sandboxed page's request", "GET", "/stats/requests", () => ({ origin: "null" }), 403],
    ["an empty origin", "GET", "/stats/requests", () => ({ origin: "" }), 403],
    ["a foreign form with the token", "POST", "/stop", () => ({ origin: "null", ...bearer, ...form }), 403],
    [
      "a preflight",
      "OPTIONS",
      "/swarm",
      () => ({ origin: "http://evil.example", "access-control-request-method": "POST" }),
      403,
    ],
    ["a preflight of its own origin", "OPTIONS", "/swarm", () => ({ origin: own }), 403],
    ["a followed link", "GET", "/", () => ({ "sec-fetch-site": "cross-site", ...link }), 200],
    [
      "an image on another page",
      "GET",
      "/",
      () => ({ "sec-fetch-site": "cross-site", "sec-fetch-dest": "image" }),
      403,
    ],
    [
      "a frame on another port",
      "GET",
      "/",
      () => ({ "sec-fetch-site": "same-site", ...link, "sec-fetch-dest": "iframe" }),
      403,
    ],
    ["a foreign form", "POST", "/stop", () => ({ "sec-fetch-site": "cross-site", ...link, ...bearer }), 403],
    ["an asset for the web UI", "GET", "/assets/favicon-light.png", () => ({ "sec-fetch-site": "same-origin" }), 200],
    ["an address typed in", "GET", "/", () => ({ "sec-fetch-site": "none", ...link }), 200],
    ["a HEAD", "HEAD", "/", () => ({}), 200],
    ["a stop without the token", "POST", "/stop", () => form, 403],
    ["a start without the token", "POST", "/swarm", () => ({ origin: own, ...form }), 403],
    ["a stop with another token", "POST", "/stop", () => ({ ...form, authorization: "Bearer x" }), 403],
    ["a stop with another run's cookie", "POST", "/stop", () => ({ ...form, cookie: `loadtest_0=${token}` }), 403],
    ["a stop with the token in the address", "POST", `/stop?token=${token}`, () => form, 403],
    ["a stop with the token", "POST", "/stop", () => ({ ...form, ...bearer }), 200],
    ["a method that Locust does not know", "PUT", "/stop", () => bearer, 405],
    ["a method without the token", "DELETE", "/stop", () => ({}), 403],
    ["a wrong token in the address", "GET", "/?token=x", () => ({}), 403],
    ["a page that does not exist", "GET", "/no-such-page", () => ({}), 404],
    ["the status", "GET", "/loadtest/status", () => ({}), 200],
    ["the samples", "GET", "/loadtest/samples?after=x", () => ({}), 200],
    ["who says without the token that a run is kept", "POST", "/loadtest/kept", () => ({ origin: own, ...form }), 403],
    ["a link that says so", "GET", "/loadtest/kept", () => bearer, 405],
    ["another page that says so", "POST", "/loadtest/kept", () => ({ origin: "null", ...form, ...bearer }), 403],
  ];
  for (const [what, method, path, headers, expected] of rows) {
    it(`answers ${expected} to ${what}`, async () => {
      const answer = await ask(master.webPort, method, path, headers());
      expect(answer.status, answer.body).to.equal(expected);
      expectSafe(answer);
      if (expected === 403) {
        const { success, message } = JSON.parse(answer.body);
        expect(success).to.equal(false);
        expect(message).to.include("loadtest dashboard");
      }
    });
  }

  it("tells a person in a browser how to get in", async () => {
    const browser = { accept: "text/html,*/*;q=0.8", "sec-fetch-site": "none", ...link };
    const wrong = await ask(master.webPort, "GET", "/?token=x", browser);
    expect(wrong.status).to.equal(403);
    expect(wrong.headers["content-type"]).to.equal("text/html; charset=utf-8");
    expect(wrong.body).to.include("This token is not the run&#x27;s.").and.include("<code>loadtest dashboard</code>");
    expectSafe(wrong);
    const page = await ask(master.webPort, "GET", "/", browser);
    expect(page.body).to.include("Only to look at").and.include("window.templateArgs");
    expect(page.headers["content-length"]).to.equal(`${Buffer.byteLength(page.body)}`);
    for (const headers of [bearer, { "sec-fetch-site": "cross-site", ...link }]) {
      expect((await ask(master.webPort, "GET", "/", headers)).body).to.not.include("Only to look at");
    }
    expect((await ask(master.webPort, "GET", "/stats/report", browser)).body).to.not.include("Only to look at");
  });

  it("lets Locust's web UI show why it cannot start a test", async () => {
    const headers = { origin: own, "sec-fetch-site": "same-origin", ...form };
    const answer = await ask(master.webPort, "POST", "/swarm", headers, "user_count=1&spawn_rate=1");
    expect(answer.status).to.equal(200);
    expect(JSON.parse(answer.body)).to.include({ success: false }).and.have.property("message").that.includes("token");
    expect(JSON.parse((await ask(master.webPort, "GET", "/loadtest/status")).body)).to.include({ run: 0 });
  });

  it("takes the token once from the address and keeps it in a cookie", async () => {
    const first = await ask(master.webPort, "GET", `/stats/report?theme=dark&token=${token}`);
    expect(first.status).to.equal(303);
    expect(first.headers.location).to.equal("/stats/report?theme=dark");
    const cookie = first.headers["set-cookie"]?.[0] ?? "";
    expect(cookie).to.match(/^loadtest_[0-9a-f]{8}=/);
    expect(cookie).to.include("HttpOnly").and.include("SameSite=Strict").and.include("Path=/");
    const session = cookie.split(";")[0] ?? "";
    const reset = await ask(master.webPort, "POST", "/stats/reset", { cookie: session, origin: own });
    expect(reset.status, reset.body).to.equal(200);
  });

  it("shows the token on no page and in no log, nor to the script", async () => {
    await ask(master.webPort, "GET", `/?token=${token}`);
    await post(master.webPort, "/swarm", { user_count: "x", spawn_rate: token });
    await malformed(master.webPort, `GET /?token=${token} HTTP/9.9 x\r\n\r\n`);
    await malformed(master.webPort, `GETT /?token=${token}\r\nHost: localhost\r\n\r\n`);
    const paths = ["/", "/logs", "/stats/report", "/stats/requests", "/exceptions", "/tasks", "/loadtest/status"];
    for (const path of paths) {
      const { status, body } = await ask(master.webPort, "GET", path);
      expect(status, path).to.equal(200);
      expect(body.includes(token), `${path} shows the token`).to.equal(false);
    }
    expect(master.output()).to.include("script sees token: None lifeline: None");
    expect(master.output().includes(token), "the log shows the token").to.equal(false);
  });

  it("does not start a page without a token", async () => {
    const [webPort, port] = await Promise.all([freePort(), freePort()]);
    const args = ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", `${port}`];
    const open = await startLocust(script, [...args, "--web-host", "127.0.0.1", "--web-port", `${webPort}`]);
    expect(await open.ended, open.output()).to.equal(1);
    expect(open.output().match(/LOADTEST_TOKEN is not set/g)).to.have.length(1);
    expect(open.output()).not.to.include("Traceback");
  });
});

function expectSafe({ headers }: Answer): void {
  expect(Object.keys(headers).filter((name) => name.startsWith("access-control-"))).to.deep.equal([]);
  expect(headers["x-frame-options"]).to.equal("DENY");
  expect(headers["content-security-policy"]).to.equal("frame-ancestors 'none'");
  expect(headers["referrer-policy"]).to.equal("same-origin");
  expect(headers["x-content-type-options"]).to.equal("nosniff");
}

/** Sends what no HTTP client would and waits until the server hangs up. */
function malformed(port: number, text: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.end(text));
    socket.resume().on("close", () => resolve());
    socket.on("error", () => resolve());
  });
}
