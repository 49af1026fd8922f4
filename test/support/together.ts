import { inTurns } from "./cli";

/**
 * Mocha's `it`, for tests that wait more than they work: their bodies run some at a time, in their order, and each test
 * tells what became of its own. A body must leave alone what others use. With `-g`, all of them run.
 */
export function together(most = 2): (title: string, body: () => Promise<void>) => void {
  const starts: (() => Promise<void>)[] = [];
  before(() => {
    void inTurns(starts, most, (start) => start());
  });
  return (title, body) => {
    let tell: (end: Promise<void>) => void;
    const end = new Promise<void>((resolve) => {
      tell = resolve;
    });
    starts.push(() => {
      tell(body());
      // The test tells of it.
      return end.catch(() => undefined);
    });
    it(title, () => end);
  };
}
