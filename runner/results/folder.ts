import { mkdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { codeOf } from "../errors";
import type { Sample } from "../types";
import {
  createReserve,
  isDiskFull,
  ResultsError,
  releaseReserve,
  removeLeftovers,
  writeAtomically,
  writeError,
} from "./files";
import { toJUnit } from "./junit";
import type { FinishedRecord, RunRecord } from "./run-record";
import { SeriesFile, type WriteLine } from "./series";

export interface ResultsFolderOptions {
  /** The folder of all runs; it is made where it is missing. */
  readonly base: string;
  /** The script's file name. */
  readonly script: string;
  /** The start of the run. */
  readonly now: Date;
  /** For tests: stands in for the write to `series.ndjson`. */
  readonly writeLine?: WriteLine;
}

/**
 * Makes the folder of a run: `20261124T111205Z-script1`, with `-2` and so on for more in the same second.
 * Throws a ResultsError where it cannot, and then leaves nothing behind in the base.
 */
export async function createResultsFolder(options: ResultsFolderOptions): Promise<ResultsFolder> {
  const path = await makeFolder(options);
  try {
    await mkdir(join(path, "logs"));
    await createReserve(path);
    return new ResultsFolder(path, await SeriesFile.create(join(path, "series.ndjson"), options.writeLine));
  } catch (error) {
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
    throw writeError(path, error);
  }
}

/**
 * Opens the folder of a run whose command was killed, to go on with it. Throws a ResultsError where its series cannot
 * be read or written.
 */
export async function reopenResultsFolder(path: string): Promise<ResultsFolder> {
  try {
    await removeLeftovers(path);
    await mkdir(join(path, "logs"), { recursive: true });
    await createReserve(path);
    return new ResultsFolder(path, await SeriesFile.reopen(join(path, "series.ndjson")));
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Where the results of one run go. Its methods reject with a ResultsError, and do their work one after another. */
export class ResultsFolder {
  /** The folder `logs/` in it. */
  readonly logs: string;
  private queue: Promise<unknown> = Promise.resolve();
  private closed: Promise<void> | undefined;

  constructor(
    /** `<base>/<UTC time>-<script>`, relative where the base is. */
    readonly path: string,
    private readonly series: SeriesFile,
  ) {
    this.logs = join(path, "logs");
  }

  /**
   * Adds a line to `series.ndjson`, which is on its way to the disk when this resolves. After a first failure
   * every later sample is refused. A caller that does not wait for the promise need not catch it either.
   */
  append(sample: Sample): Promise<void> {
    return this.enqueue(() => this.series.append(sample));
  }

  /** Writes a whole file, by its name in the folder, or leaves the old one. */
  writeFile(name: string, content: string | Uint8Array): Promise<void> {
    return this.enqueue(() => writeAtomically(join(this.path, name), content));
  }

  /** Writes `run.json`, and `junit.xml` for a finished run: for that there is room even on a full disk. */
  writeRun(record: RunRecord): Promise<void> {
    return this.enqueue(async () => {
      const write = record.status === "finished" ? this.writeWithReserve : writeAtomically;
      await writeRecord(this.path, record, write);
    });
  }

  /** Waits for all writes and gives the reserve back. More than once does no harm. */
  close(): Promise<void> {
    this.closed ??= this.enqueue(async () => {
      await this.series.close();
      await releaseReserve(this.path).catch((error) => {
        throw writeError(this.path, error);
      });
    });
    return this.closed;
  }

  /** The reserve is kept until here: whatever else still writes to a full disk, such as logs, would take it. */
  private readonly writeWithReserve: typeof writeAtomically = async (path, content) => {
    try {
      await writeAtomically(path, content);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      await releaseReserve(this.path);
      await writeAtomically(path, content);
    }
  };

  private enqueue(work: () => Promise<void>): Promise<void> {
    if (this.closed !== undefined) {
      return Promise.reject(new ResultsError(`${this.path} cannot be written: it is closed`, "ECLOSED"));
    }
    const done = this.queue.then(work);
    // Marks a failure as seen: one that nobody waits for must not end the process.
    this.queue = done.catch(() => undefined);
    return done;
  }
}

/** Writes the record of a run anew whose folder is closed. Throws a ResultsError, and then the former one is still there. */
export function rewriteRun(path: string, record: FinishedRecord): Promise<void> {
  return writeRecord(path, record, writeAtomically);
}

async function writeRecord(path: string, record: RunRecord, write: typeof writeAtomically): Promise<void> {
  await write(join(path, "run.json"), `${JSON.stringify(record, undefined, 2)}\n`);
  if (record.status === "finished") await write(join(path, "junit.xml"), toJUnit(record));
}

/** Node's own way to make parents never ends below /proc, and calls a read-only file system a missing folder. */
async function makeBase(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" && dirname(path) !== path) {
      await makeBase(dirname(path));
      await mkdir(path);
    } else if (code !== "EEXIST" || !(await stat(path)).isDirectory()) {
      throw error;
    }
  }
}

/** `20261124T111205Z-script1` for a script that was started then. */
export function folderName(start: Date, script: string): string {
  const stamp = start.toISOString().replace(/\.\d+|[-:]/g, "");
  return `${stamp}-${basename(script, ".py").replace(/[^\w.-]+/g, "_")}`;
}

async function makeFolder({ base, script, now }: ResultsFolderOptions): Promise<string> {
  try {
    await makeBase(base);
  } catch (error) {
    throw writeError(base, error);
  }
  const name = folderName(now, script);
  for (let number = 1; ; number += 1) {
    const path = join(base, `${name}${number === 1 ? "" : `-${number}`}`);
    try {
      await mkdir(path);
      return path;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw writeError(base, error);
    }
  }
}
