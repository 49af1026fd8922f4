/**
 * The step in which Locust rounds a response time of `ms`: 1 ms below 100, then two digits stay (`bucket_response_time`
 * in its `stats.py`), so 10 ms below 1 s and 100 ms below 10 s.
 */
export function roundingStep(ms: number): number {
  if (ms < 100) {
    return 1;
  }
  return ms < 1000 ? 10 : ms < 10_000 ? 100 : 1000;
}
