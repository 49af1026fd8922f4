import { writeAtomically } from "../files";

/**
 * Writes a page whole or not at all; there is never half a page to be seen. Throws a ResultsError (one line) where
 * it cannot be written, and then the old file is still there.
 */
export async function writePage(path: string, html: string): Promise<void> {
  await writeAtomically(path, html);
}
