import { hostname, userInfo } from "node:os";

/** Who runs this command, as others are told. */
export interface Who {
  /** Name of the user. */
  readonly by: string;
  readonly host: string;
  readonly pid: number;
}

export function whoRuns(user: () => string = () => userInfo().username, env: NodeJS.ProcessEnv = process.env): Who {
  return { by: nameOfUser(user, env), host: hostname(), pid: process.pid };
}

/** `sam@laptop, process 123`. */
export function holderOf({ by, host, pid }: Who): string {
  return `${by}@${host}, process ${pid}`;
}

/** A container may run as a number that no user has. */
function nameOfUser(user: () => string, env: NodeJS.ProcessEnv): string {
  try {
    const name = user();
    if (name !== "") return name;
  } catch {
    // The variables may know.
  }
  return env.USER || env.LOGNAME || env.USERNAME || `user ${process.getuid?.() ?? "unknown"}`;
}
