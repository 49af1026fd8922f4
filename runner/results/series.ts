import { type FileHandle, open } from "node:fs/promises";
import type { Sample } from "../types";
import { ResultsError, writeError } from "./files";

/** The open `series.ndjson` of a run. */
export interface SeriesFile {
  /**
   * Adds a line. Once one could not be written whole, all later ones are refused with the same error, so that
   * no line follows a torn one. Rejects with a ResultsError.
   */
  append(sample: Sample): Promise<void>;
  close(): Promise<void>;
}

/** How a line gets into the file; a test may take its place. */
export type WriteLine = (file: FileHandle, line: Buffer, position: number) => Promise<{ bytesWritten: number }>;

const writeLine: WriteLine = (file, line, position) => file.write(line, 0, line.length, position);

/** Creates the file; throws the system's error where it exists or cannot be made. */
export async function createSeriesFile(path: string, write: WriteLine = writeLine): Promise<SeriesFile> {
  return seriesFile(path, await open(path, "wx"), 0, write);
}

/** Opens a file of a killed command to add to it; a last line that is torn goes. */
export async function reopenSeriesFile(path: string): Promise<SeriesFile> {
  const file = await open(path, "r+");
  const length = (await file.readFile()).lastIndexOf("\n") + 1;
  await file.truncate(length);
  return seriesFile(path, file, length, writeLine);
}

function seriesFile(path: string, file: FileHandle, from: number, write: WriteLine): SeriesFile {
  let length = from;
  let failure: ResultsError | undefined;

  async function append(sample: Sample): Promise<void> {
    if (failure !== undefined) {
      throw failure;
    }
    const line = Buffer.from(`${JSON.stringify(sample)}\n`);
    try {
      let written = 0;
      // One call writes it all; a nearly full disk takes a part first and says so at the next call.
      while (written < line.length) {
        written += (await write(file, line.subarray(written), length + written)).bytesWritten;
      }
      length += line.length;
    } catch (error) {
      failure = writeError(path, error);
      await file.truncate(length).catch(() => undefined);
      throw failure;
    }
  }

  return {
    append,
    async close() {
      failure ??= new ResultsError(`${path} cannot be written: it is closed`, "ECLOSED");
      await file.close();
    },
  };
}
