/** Whether a target has broken before a level is measured in full: nothing works any more, whatever thresholds say. */
import type { LocustStatus } from "../../types";
import type { Counts } from "../../types/counts";
import { type Broke, fewest, noAnswers } from "../../verdict/capacity/breach";
import { percent } from "../../verdict/format";

/** From this part of failed requests on a level is left. */
const collapsed = 0.5;

export class EarlyEnd {
  private answers: number;
  /** When the last answer was seen. */
  private at = performance.now();

  /** @param silence ms without an answer until a target counts as silent */
  constructor(
    private readonly from: Counts,
    private readonly silence: number,
  ) {
    this.answers = from.total.requests;
  }

  /** @param to what was counted by now */
  look(to: Counts, status: LocustStatus | undefined): Broke | undefined {
    const requests = to.total.requests - this.from.total.requests;
    const failures = to.total.failures - this.from.total.failures;
    if (requests >= fewest && failures > collapsed * requests) {
      const text = `${percent(failures / requests)} of the requests failed`;
      return { what: "errors", threshold: null, request: null, text };
    }
    const now = performance.now();
    if (to.total.requests !== this.answers) this.at = now;
    this.answers = to.total.requests;
    const { underWay = 0, oldestWait = 0 } = status ?? {};
    const [ms, oldest] = [now - this.at, oldestWait * 1000];
    if (underWay === 0 || Math.min(ms, oldest) < this.silence) return undefined;
    return noAnswers(Math.min(ms, oldest) / 1000, underWay);
  }
}
