/** What this process wrote to standard output while `work` went on, and what `work` gave. */
export async function outputOf<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly stdout: string }> {
  const write = process.stdout.write;
  let stdout = "";
  process.stdout.write = (text: string | Uint8Array) => {
    stdout += String(text);
    return true;
  };
  try {
    const result = await work();
    return { result, stdout };
  } finally {
    process.stdout.write = write;
  }
}
