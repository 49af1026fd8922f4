import { expect } from "chai";
import { watchWebUiRuns } from "../../../runner/cli/web-ui";
import type { LocustClient } from "../../../runner/engine/client";
import type { LocustStatus } from "../../../runner/types";

/** What the master says at one look after the other: the latest run, its state, and for how long it is prepared. */
type Look = readonly [run: number, state: string, preparing?: number];

/** The runs that are saved, by their numbers. */
async function savedAt(looks: readonly Look[]): Promise<number[]> {
  const left = [...looks];
  const end = new AbortController();
  const saved: number[] = [];
  const status = async (): Promise<LocustStatus> => {
    const [run, state, preparing] = left.shift() as Look;
    if (left.length === 0) end.abort();
    return { run, state, ...(preparing === undefined ? {} : { preparing }) } as unknown as LocustStatus;
  };
  const save = async ({ run }: LocustStatus) => void saved.push(run);
  await watchWebUiRuns({ status } as unknown as LocustClient, save, end.signal);
  return saved;
}

describe("runs of Locust's web UI", () => {
  it("are saved once each, one that was over before anybody looked, too", async () => {
    const looks: Look[] = [
      [0, "ready"],
      [1, "running"],
      [1, "stopped"],
      [2, "stopped"],
      [2, "stopped"],
    ];
    expect(await savedAt(looks)).to.deep.equal([1, 2]);
  });

  it("are not saved that were over when the command came", async () => {
    expect(
      await savedAt([
        [3, "stopped"],
        [3, "stopped"],
        [4, "spawning"],
      ]),
    ).to.deep.equal([4]);
    expect(
      await savedAt([
        [3, "running"],
        [3, "stopped"],
      ]),
    ).to.deep.equal([3]);
  });

  it("are saved when test_start has prepared them, and after a new master has come", async () => {
    expect(
      await savedAt([
        [0, "ready"],
        [1, "spawning", 2],
        [1, "spawning"],
      ]),
    ).to.deep.equal([1]);
    expect(
      await savedAt([
        [0, "ready"],
        [5, "running"],
        [0, "ready"],
        [1, "stopped"],
      ]),
    ).to.deep.equal([5, 1]);
  });
});
