import { exitCodes } from "../types";

/**
 * What a record says of a run that is not over. It stands from the first moment on, so that a folder whose command
 * was killed never looks like one of a run that passed, nor like one without a verdict.
 */
export const unfinished = {
  verdict: "error" as const,
  exitCode: exitCodes.error,
  reasons: [
    "The run was not over when this was written: it still goes on, or its command was killed; " +
      "loadtest report completes the folder then.",
  ],
};
