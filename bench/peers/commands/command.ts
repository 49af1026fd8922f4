/** A tool that is started anew for each number of users. */
import type { Programs } from "../install";
import type { Order, Said } from "../window";

/** What it runs with. */
export interface Setting {
  readonly order: Order;
  /** Base URL of the target, with TLS or without. */
  readonly host: string;
  /** File of the target's certificate; undefined without TLS. */
  readonly certificate: string | undefined;
  /** Seconds from its first request to the window. */
  readonly settle: number;
  /** Seconds of the window, and some more behind it. */
  readonly span: number;
  /** A folder of this run alone. */
  readonly folder: string;
}

export interface Started {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface CommandTool {
  /** Makes the files that it needs, and says how to start it. */
  prepare(setting: Setting, programs: Programs): Promise<Started>;
  /** What ends it behind the window; undefined where it ends by itself. */
  end(order: Order): NodeJS.Signals | undefined;
  /** What it says in the end; undefined of a tool that was ended before it says anything. */
  read(setting: Setting, output: string, programs: Programs): Promise<Said | undefined>;
}

/** The path that users of an order ask for. */
export const pathOf = ({ kind }: Order) => (kind === "busy" ? "/" : "/wait");
