/** What stands behind the number of a Kubernetes quantity, and what it multiplies by. */
const factors: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, "": 1 },
  ...{ k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/**
 * Reads an amount as Kubernetes writes it: `250m` is 0.25, `256Mi` is 268435456, `1e3` is 1000.
 *
 * @returns cores for CPU, bytes for memory; undefined for what is no quantity
 */
export function parseQuantity(text: string): number | undefined {
  const [, number, exponent, unit = ""] =
    /^([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/.exec(text) ?? [];
  const factor = exponent === undefined ? factors[unit] : 10 ** Number(exponent);
  if (number === undefined || factor === undefined) return undefined;
  // Thousandths by division: 0.001 has no exact form, and 290 * 0.001 would not be 0.29.
  return factor < 1 ? Number(number) / Math.round(1 / factor) : Number(number) * factor;
}
