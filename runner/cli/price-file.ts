/** The user's own file of prices, by Region: what `loadtest cost --refresh` writes and everything that prices reads. */
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type Prices, type PricesByRegion, priceFile } from "../../settings/cost/prices";
import { PricesError, pricesOf } from "../../settings/cost/region-prices";
import { readText, writeAtomically, writeError } from "../results/files";

/** `LOADTEST_PRICES`, or `loadtest/prices.json` in XDG_CONFIG_HOME, by default ~/.config. */
export function pricesPath(env: NodeJS.ProcessEnv = process.env): string {
  const { LOADTEST_PRICES: file, XDG_CONFIG_HOME: config } = env;
  if (file !== undefined && file !== "") return resolve(file);
  // The XDG specification has relative paths ignored.
  const folder = config?.startsWith("/") ? config : join(homedir(), ".config");
  return join(folder, "loadtest", "prices.json");
}

/**
 * What of the file is there; nothing where there is no such file.
 *
 * @throws PricesError in one line where it is damaged
 */
export function readPrices(path = pricesPath()): PricesByRegion {
  if (!existsSync(path)) return {};
  const damaged = (why: string) =>
    new PricesError(`${path} is no file of prices (${why}): remove it; loadtest cost --refresh writes another`);
  let value: unknown;
  try {
    value = JSON.parse(readText(path));
  } catch (error) {
    if (error instanceof SyntaxError) throw damaged("it is no JSON");
    throw error;
  }
  const read = priceFile.safeParse(value);
  if (read.success) return read.data.regions;
  const [issue] = read.error.issues;
  throw damaged(`${issue?.path.join(".") || "it"}: ${issue?.message}`);
}

/** Puts a Region's prices into the file, in place of those that it had; the other Regions' stay. */
export async function writePrices({ region, ...prices }: Prices, path = pricesPath()): Promise<void> {
  const regions = { ...readPrices(path), [region]: prices };
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw writeError(path, error);
  }
  await writeAtomically(path, `${JSON.stringify({ version: 1, regions }, undefined, 2)}\n`);
}

/** The prices of a Region, the user's own first. @throws PricesError where there are none */
export function findPrices(region: string): Prices {
  return pricesOf(region, readPrices());
}
