import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { expect } from "chai";
import { freePort, requireReachable } from "../../../runner/places/network";

const refused = (target: string, env: NodeJS.ProcessEnv = {}) =>
  requireReachable(target, 500, env).then(
    () => undefined,
    (error: Error) => error.message,
  );

describe("reaching the target", () => {
  it("accepts what listens, and sends nothing to it", async () => {
    let bytes = 0;
    const server = createServer((socket) => socket.on("data", (data) => (bytes += data.length)).on("error", () => {}));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    expect(await refused(`http://127.0.0.1:${port}`)).to.equal(undefined);
    await new Promise((resolve) => server.close(resolve));
    expect(bytes).to.equal(0);
  });

  it("says why it cannot", async () => {
    const target = `http://127.0.0.1:${await freePort()}`;
    expect(await refused(target)).to.equal(`the target ${target} cannot be reached: connection refused`);
    expect(await refused("http://no-such-name.invalid")).to.match(/its name (is not known|cannot be looked up now)$/);
  });

  it("leaves it to the proxy where there is one", async () => {
    expect(await refused(`http://127.0.0.1:${await freePort()}`, { HTTP_PROXY: "http://127.0.0.1:1" })).to.equal(
      undefined,
    );
  });
});
