import { type FileHandle, open } from "node:fs/promises";
import type { Sample } from "../types";
import { ResultsError, readText, writeError } from "./files";

/** How a line gets into the file; a test may take its place. */
export type WriteLine = (file: FileHandle, line: Buffer, position: number) => Promise<{ bytesWritten: number }>;

const writeLine: WriteLine = (file, line, position) => file.write(line, 0, line.length, position);

/** The open `series.ndjson` of a run. */
export class SeriesFile {
  private failure: ResultsError | undefined;

  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
    private length: number,
    private readonly write: WriteLine,
  ) {}

  /** Creates the file; throws the system's error where it exists or cannot be made. */
  static async create(path: string, write: WriteLine = writeLine): Promise<SeriesFile> {
    return new SeriesFile(path, await open(path, "wx"), 0, write);
  }

  /** Opens the file of a killed command to add to it; a torn last line is removed. */
  static async reopen(path: string): Promise<SeriesFile> {
    const file = await open(path, "r+");
    const length = (await file.readFile()).lastIndexOf("\n") + 1;
    await file.truncate(length);
    return new SeriesFile(path, file, length, writeLine);
  }

  /**
   * Adds a line. Once one could not be written whole, all later ones are refused with the same error, so that
   * no line follows a torn one. Rejects with a ResultsError.
   */
  async append(sample: Sample): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    const line = Buffer.from(`${JSON.stringify(sample)}\n`);
    try {
      let written = 0;
      // One call writes it all; a nearly full disk takes a part first and says so at the next call.
      while (written < line.length) {
        written += (await this.write(this.file, line.subarray(written), this.length + written)).bytesWritten;
      }
      this.length += line.length;
    } catch (error) {
      this.failure = writeError(this.path, error);
      await this.file.truncate(this.length).catch(() => undefined);
      throw this.failure;
    }
  }

  async close(): Promise<void> {
    this.failure ??= new ResultsError(`${this.path} cannot be written: it is closed`, "ECLOSED");
    await this.file.close();
  }
}

/**
 * Reads a `series.ndjson`. A last line that is torn, as a killed command leaves it, is skipped; one before it
 * is a ResultsError (`EFORMAT`).
 */
export function readSeries(path: string): Sample[] {
  const lines = readText(path).trimEnd().split("\n");
  return lines.flatMap((line, index) => {
    const sample = toSample(line);
    if (sample !== undefined) return [sample];
    if (index === lines.length - 1) return [];
    throw new ResultsError(`${path} is damaged: line ${index + 1} is not a sample`, "EFORMAT");
  });
}

/** Undefined for a line that is torn. */
function toSample(line: string): Sample | undefined {
  try {
    const value = JSON.parse(line);
    return typeof value?.t === "number" && typeof value.phase === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
