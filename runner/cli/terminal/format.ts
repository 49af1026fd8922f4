import type { Sample } from "../../types";
import type { ArrivalsSample } from "../../types/arrivals";
import { short } from "../../verdict/format";

/** `4 ms`, `1.2 s`, `–` without a value. */
export function milliseconds(value: number | null): string {
  if (value === null) return "–";
  return value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}

/** `00:45`, `1:00:45`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  return hours === 0 ? rest : `${hours}:${rest}`;
}

/** `8 under way, up to 34 s`; nothing while all are answered at once. */
export function underWay({ underWay: count = 0, oldestWait = 0 }: Pick<Sample, "underWay" | "oldestWait">): string[] {
  return count === 0 || oldestWait < 1 ? [] : [`${count} under way, up to ${Math.round(oldestWait)} s`];
}

/** `99.8/100 iterations/s`, started and asked; nothing without an arrival rate, or before it. */
export function iterations({ arrivals }: { readonly arrivals?: ArrivalsSample | null | undefined }): string[] {
  if (!arrivals || arrivals.rate === 0) return [];
  const lost = arrivals.dropped === 0 ? "" : `, ${arrivals.dropped} dropped`;
  return [`${arrivals.startedPerSecond.toFixed(1)}/${short(arrivals.rate)} iterations/s${lost}`];
}

/** `0 failures`, `12 failures (1.3 %)`. */
export function failures({ requests, failures: count }: Pick<Sample, "requests" | "failures">): string {
  const share = requests === 0 || count === 0 ? "" : ` (${((count / requests) * 100).toFixed(1)} %)`;
  return `${count} failure${count === 1 ? "" : "s"}${share}`;
}
