import { createServer } from "node:net";
import { expect } from "chai";
import { freePort, requirePort } from "../../../runner/places/network";

describe("ports of a local run", () => {
  it("are free, and outside of the range that outgoing connections take theirs from", async () => {
    for (let round = 0; round < 20; round++) expect(await freePort()).to.be.within(20_000, 32_000);
  });

  it("that are asked for are refused in one line when they are taken", async () => {
    const port = await freePort();
    expect(await requirePort(port, "Locust's web UI")).to.equal(port);
    const server = createServer().listen(port, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const error = await requirePort(port, "Locust's web UI").catch((caught: Error) => caught);
    await new Promise((resolve) => server.close(resolve));
    expect(error).to.be.instanceOf(Error);
    expect(String(error)).to.include(`port ${port} for Locust's web UI is taken; choose another with --port`);
  });
});
