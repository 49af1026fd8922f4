/** Kubernetes writes times to the nanosecond, and heeds them to the second. */
const second = 1000;

/** Above this many lines those are looked for that need not be remembered. */
const usualMemory = 1000;

/**
 * Where a log has been read to, by lines that begin with their time. Who reads on from `since` gets some lines again,
 * and `take` knows which: none is lost, and none comes twice.
 */
export class LogCursor {
  private newest = 0;
  private recent: { readonly at: number; readonly line: string }[] = [];
  private memory = usualMemory;
  /** How often each line that may come again is still to come. */
  private repeated = new Map<string, number>();
  /** Whether what came before the first line that was ever taken is behind us: who began at the end left it out. */
  private within = true;

  /** From when to read on; undefined before the first line. */
  get since(): Date | undefined {
    if (this.newest === 0) return undefined;
    // Output and errors are two streams, whose lines may be a little out of order.
    return new Date(Math.floor(this.newest / second) * second - second);
  }

  /** What comes now was read from `since`. */
  resume(): void {
    this.forget();
    this.repeated = new Map();
    this.within = this.recent.length === 0;
    for (const { line } of this.recent) this.repeated.set(line, (this.repeated.get(line) ?? 0) + 1);
  }

  /** The line's text without its time; undefined where the line has come before. */
  take(line: string): string | undefined {
    const left = this.repeated.get(line) ?? 0;
    if (left > 0) {
      this.repeated.set(line, left - 1);
      this.within = true;
      return undefined;
    }
    const space = line.indexOf(" ");
    const end = space < 0 ? line.length : space;
    const at = Date.parse(line.slice(0, end));
    // Kubernetes itself may put in a word: that the log has been rotated.
    if (Number.isNaN(at)) return line;
    if (!this.within && at <= this.newest) return undefined;
    this.within = true;
    this.newest = Math.max(this.newest, at);
    this.recent.push({ at, line });
    if (this.recent.length > this.memory) {
      this.forget();
      this.memory = Math.max(usualMemory, 2 * this.recent.length);
    }
    return line.slice(end + 1);
  }

  private forget(): void {
    const since = this.since?.getTime() ?? 0;
    this.recent = this.recent.filter(({ at }) => at >= since);
  }
}

/** Puts lines together from pieces of text; what has no end yet waits. */
export class LineSplitter {
  /** A line without an end. */
  rest = "";

  split(piece: string): string[] {
    const lines = (this.rest + piece).split("\n");
    this.rest = lines.pop() ?? "";
    return lines;
  }
}
