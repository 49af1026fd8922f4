/** A size that Fargate runs, and bills, pods at. */
export interface FargateSize {
  /** vCPU. */
  readonly cpu: number;
  /** MiB. */
  readonly memory: number;
}

/** MiB that Fargate adds to a pod's memory request for its own agents, and bills. */
export const fargateOverheadMiB = 256;

/**
 * Every size of a pod on EKS Fargate, smallest first: vCPU → MiB.
 * Source: "Fargate Pod configuration" in the EKS user guide.
 */
const sizes: ReadonlyMap<number, readonly number[]> = new Map([
  [0.25, [512, 1024, 2048]],
  [0.5, gigabytes(1, 4, 1)],
  [1, gigabytes(2, 8, 1)],
  [2, gigabytes(4, 16, 1)],
  [4, gigabytes(8, 30, 1)],
  [8, gigabytes(16, 60, 4)],
  [16, gigabytes(32, 120, 8)],
]);

/** vCPU sizes of Fargate, smallest first. */
export const fargateCpus: readonly number[] = [...sizes.keys()];

/** Every size of a pod on EKS Fargate, smallest first. */
export function fargateSizes(): FargateSize[] {
  return [...sizes].flatMap(([cpu, memories]) => memories.map((memory) => ({ cpu, memory })));
}

/**
 * The size that a pod is run and billed at: the smallest one with the pod's CPU, its memory and Fargate's 256 MiB.
 *
 * @param cpu vCPU that the pod's containers request together
 * @param memory MiB that they request together
 * @returns undefined where no size is large enough
 */
export function fargateSizeFor(cpu: number, memory: number): FargateSize | undefined {
  return fargateSizes().find((size) => size.cpu >= cpu && size.memory >= memory + fargateOverheadMiB);
}

/**
 * The most memory, in MiB, that a pod of this many vCPU may request without being moved up to more vCPU.
 * Undefined for a CPU that is not one of Fargate's.
 */
export function largestMemory(cpu: number): number | undefined {
  const largest = sizes.get(cpu)?.at(-1);
  return largest === undefined ? undefined : largest - fargateOverheadMiB;
}

/**
 * The memory, in MiB, that a pod of this many vCPU may request at the price of the cheapest size that holds it: 256 with
 * 0.25, 1792 with 1. Undefined above the largest.
 */
export function memoryThatComesWith(cpu: number): number | undefined {
  const size = fargateSizeFor(cpu, 0);
  return size === undefined ? undefined : size.memory - fargateOverheadMiB;
}

/** Annotation of a pod in which Fargate says at which size it runs and bills the pod. */
export const capacityAnnotation = "CapacityProvisioned";

/**
 * Reads the value of that annotation: "0.25vCPU 0.5GB".
 *
 * @returns undefined for any other text; a size that is not listed above is taken, as AWS may add some
 */
export function parseCapacity(text: string): FargateSize | undefined {
  const [, cpu, gigabytes] = /^(\d+(?:\.\d+)?)vCPU (\d+(?:\.\d+)?)GB$/.exec(text) ?? [];
  return cpu === undefined || gigabytes === undefined
    ? undefined
    : { cpu: Number(cpu), memory: Number(gigabytes) * 1024 };
}

function gigabytes(from: number, to: number, step: number): readonly number[] {
  return Array.from({ length: (to - from) / step + 1 }, (_, index) => (from + index * step) * 1024);
}
