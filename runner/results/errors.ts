import { codeOf, messageOf, RunnerError } from "../errors";

/** Results that cannot be written or read: one plain line. */
export class ResultsError extends RunnerError {
  constructor(
    message: string,
    /** The system's code (`ENOSPC`, `EACCES`), or ours: `EFORMAT` (not what it should be), `EINUSE`, `ECLOSED`. */
    readonly code: string,
    options?: ErrorOptions,
  ) {
    super(message, undefined, options);
    this.name = "ResultsError";
  }
}

const causes: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOTDIR: "part of its path is a file, not a folder",
  EEXIST: "there is a file of that name",
  EISDIR: "there is a folder of that name",
  ENOENT: "its folder does not exist",
  EIO: "the disk reports an error",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  EFBIG: "the file is too large",
  ENAMETOOLONG: "the name is too long",
};

/** Whatever a write threw, as a ResultsError: `results/x cannot be written: the disk is full`. */
export function writeError(path: string, error: unknown): ResultsError {
  return toResultsError(`${path} cannot be written`, error);
}

/** Whatever a read threw, as a ResultsError: `results/x cannot be read: permission denied`. */
export function readError(path: string, error: unknown): ResultsError {
  return toResultsError(`${path} cannot be read`, error);
}

/** No room is left, as opposed to a path that cannot be written at all. */
export function isDiskFull(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOSPC" || code === "EDQUOT";
}

function toResultsError(what: string, error: unknown): ResultsError {
  if (error instanceof ResultsError) {
    return error;
  }
  const code = codeOf(error) ?? "UNKNOWN";
  return new ResultsError(`${what}: ${causes[code] ?? messageOf(error)}`, code, { cause: error });
}
