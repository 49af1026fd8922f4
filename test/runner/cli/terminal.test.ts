import { PassThrough } from "node:stream";
import { expect } from "chai";
import { clock, failures, milliseconds } from "../../../runner/cli/terminal/format";
import { Progress } from "../../../runner/cli/terminal/progress";
import { toSample } from "../../../runner/engine/recording";
import { status } from "../engine/scripted";

describe("words of the terminal", () => {
  it("write times, shares and clocks as people do", () => {
    expect([0, 12.4, 999, 1000, 1249, null].map(milliseconds)).to.deep.equal([
      "0 ms",
      "12 ms",
      "999 ms",
      "1.0 s",
      "1.2 s",
      "–",
    ]);
    expect([0, 59.6, 61, 3599, 3661, -3].map(clock)).to.deep.equal([
      "00:00",
      "01:00",
      "01:01",
      "59:59",
      "1:01:01",
      "00:00",
    ]);
    expect(failures({ requests: 0, failures: 0 })).to.equal("0 failures");
    expect(failures({ requests: 80, failures: 1 })).to.equal("1 failure (1.3 %)");
  });
});

describe("progress where there is no terminal", () => {
  it("is a plain line now and then, and one as soon as the phase changes", async () => {
    const stream = new PassThrough();
    const progress = await Progress.create({
      stream: stream as unknown as NodeJS.WriteStream,
      runTime: 60,
      users: 10,
      workers: 2,
    });
    const at = (seconds: number) =>
      progress.sample(
        toSample(status({ state: "running", users: 10, rps: 4.25, p95: 12 }), "hold", seconds, new Date()),
      );
    progress.waiting(status());
    progress.waiting(status());
    progress.preparing(6, []);
    progress.preparing(11, ["worker-1", "worker-2"]);
    progress.enter("ramp");
    for (let second = 0; second < 7; second++) at(second);
    progress.enter("hold");
    at(7);
    at(8);
    progress.warning("worker worker-1 was lost after 8 s");
    progress.enter("stop");
    at(9);
    const text = String(stream.read());
    const facts = "10/10 users, 2/2 workers, 4.3 req/s, p95 12 ms, 0 failures, worker CPU 10 %";
    expect(text.split("\n")).to.deep.equal([
      "2 of 2 workers are ready",
      "the script prepares the test (test_start), for 6 s by now",
      "nothing is heard of worker-1, worker-2, and the load has not begun after 11 s",
      `00:00 ramping up, ${facts}`,
      `00:05 ramping up, ${facts}`,
      `00:07 full load, ${facts}`,
      "warning: worker worker-1 was lost after 8 s",
      "",
    ]);
    expect(text).to.not.include(String.fromCharCode(27));
  });
});
