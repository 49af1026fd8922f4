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
  /** Seconds that it has to go on from its first request on. */
  readonly seconds: number;
  /** Seconds of that before the window. */
  readonly settle: number;
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
  /** Whether it has to be ended, as it says nothing that is needed. */
  readonly endless?: (order: Order) => boolean;
  /** What it says in the end. */
  read(setting: Setting, output: string, programs: Programs): Promise<Said>;
}

/** The path that users of an order ask for. */
export const pathOf = ({ kind }: Order) => (kind === "busy" ? "/" : "/wait");
