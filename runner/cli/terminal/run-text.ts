/** What people are told of a run in a cluster that a command has noted on the Lease. */
import type { LeaseView } from "../../places/kubernetes/lock/lease";
import type { RunInfo } from "../../places/kubernetes/lock/run-info";

/** Who has the test, by its Lease. */
export function describeHolder({ info, holder, since, problem }: LeaseView, now: Date): string {
  if (info === undefined) {
    const when = since === undefined ? "" : ` since ${clock(since, now)}`;
    return `${holder} has the test${when} (${problem})`;
  }
  const run = describeRun(info, now);
  return holder.startsWith(`${info.by}@${info.host}`) ? run : `${run}; ${holder} has it now`;
}

/** One sentence on a run in a cluster: who, what, since when, until when. */
export function describeRun(info: RunInfo, now: Date): string {
  const { mode, by, host, script, users, runTime } = info;
  const started = new Date(info.startedAt);
  const what = `${script} with ${users} ${users === 1 ? "user" : "users"}`;
  const [at, ago] = [clock(started, now), duration((now.getTime() - started.getTime()) / 1000)];
  const begin =
    mode === "run"
      ? `${by}@${host} runs ${what} since ${at} (${ago})`
      : `${by}@${host} started ${what} at ${at} (${ago} ago)`;
  if (runTime === null) return `${begin}; it runs until it is stopped`;
  const end = new Date(started.getTime() + runTime * 1000);
  return `${begin}; it ${end > now ? "ends" : "should have ended"} at ${clock(end, now)}`;
}

/** `10:15:02 UTC`, with the date where it is another day. */
export function clock(time: Date, now: Date): string {
  const [day, second] = time.toISOString().slice(0, 19).split("T");
  return day === now.toISOString().slice(0, 10) ? `${second} UTC` : `${day} ${second} UTC`;
}

/** `42 s`, `2 min`, `3 h 5 min`, `4 d 2 h`; a time to come is `0 s`. */
function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [minutes, hours, days] = [60, 3600, 86_400].map((unit) => Math.floor(whole / unit)) as [number, number, number];
  if (minutes === 0) return `${whole} s`;
  if (hours === 0) return `${minutes} min`;
  if (days === 0) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}
