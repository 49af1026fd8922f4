import { expect } from "chai";
import fc from "fast-check";
import {
  fargateCpus,
  fargateOverheadMiB,
  fargateSizeFor,
  fargateSizes,
  largestMemory,
  memoryThatComesWith,
  parseCapacity,
} from "../../../settings/values/fargate";

describe("fargate", () => {
  it("has the sizes of the EKS user guide", () => {
    const count = (cpu: number) => fargateSizes().filter((size) => size.cpu === cpu).length;
    expect(fargateCpus.map(count)).to.deep.equal([3, 4, 7, 13, 23, 12, 12]);
    expect(fargateCpus.map((cpu) => (largestMemory(cpu) ?? 0) + 256)).to.deep.equal(
      [2, 4, 8, 16, 30, 60, 120].map((gigabytes) => gigabytes * 1024),
    );
  });

  const billed: readonly (readonly [number, number, number, number])[] = [
    [0.25, 256, 0.25, 512],
    [0.25, 257, 0.25, 1024],
    [0.25, 512, 0.25, 1024],
    [1, 1792, 1, 2048],
    [1, 1793, 1, 3072],
    [0.25, 1793, 0.5, 3072],
    [8, 16128, 8, 16384],
    [8, 16129, 8, 20480],
    [16, 122624, 16, 122880],
  ];
  for (const [cpu, memory, billedCpu, billedMemory] of billed) {
    it(`bills ${cpu} vCPU and ${memory} MiB as ${billedCpu} vCPU and ${billedMemory} MiB`, () => {
      expect(fargateSizeFor(cpu, memory)).to.deep.equal({ cpu: billedCpu, memory: billedMemory });
    });
  }

  it("has no size for more than its largest", () => {
    expect(fargateSizeFor(16, 122625)).to.equal(undefined);
    expect(fargateSizeFor(17, 128)).to.equal(undefined);
    expect(largestMemory(3)).to.equal(undefined);
  });

  it("knows the memory that costs nothing more", () => {
    const known = [0.25, 0.5, 1, 2, 4, 8, 16].map(memoryThatComesWith);
    expect(known).to.deep.equal([256, 768, 1792, 3840, 7936, 16128, 32512]);
    expect([0.05, 0.2, 0.3, 3].map(memoryThatComesWith)).to.deep.equal([256, 256, 768, 7936]);
    expect(memoryThatComesWith(17)).to.equal(undefined);
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 16, noNaN: true }), (cpu) => {
        const memory = memoryThatComesWith(cpu) ?? Number.NaN;
        expect(fargateSizeFor(cpu, memory)).to.deep.equal(fargateSizeFor(cpu, 128));
        expect(fargateSizeFor(cpu, memory + 1)).to.not.deep.equal(fargateSizeFor(cpu, 128));
      }),
    );
  });

  it("reads every size from Fargate's annotation", () => {
    fc.assert(
      fc.property(fc.constantFrom(...fargateSizes()), (size) => {
        expect(parseCapacity(`${size.cpu}vCPU ${size.memory / 1024}GB`)).to.deep.equal(size);
      }),
    );
  });

  for (const text of [
    "",
    "0.25vCPU",
    "0.25vCPU 0.5GB 1",
    "0.25 vCPU 0.5 GB",
    ".vCPU 1GB",
    "-1vCPU 1GB",
    "1vCPU 512MB",
  ]) {
    it(`reads no size from ${JSON.stringify(text)}`, () => expect(parseCapacity(text)).to.equal(undefined));
  }

  it("bills a size that holds the request and Fargate's share, and the smallest that does", () => {
    const requests = fc.tuple(fc.double({ min: 0.01, max: 16, noNaN: true }), fc.integer({ min: 1, max: 122624 }));
    fc.assert(
      fc.property(requests, ([cpu, memory]) => {
        const holds = (size: { cpu: number; memory: number }) =>
          size.cpu >= cpu && size.memory >= memory + fargateOverheadMiB;
        const size = fargateSizeFor(cpu, memory);
        if (size === undefined) throw new Error("every request up to the largest has a size");
        expect(holds(size)).to.equal(true);
        for (const other of fargateSizes().filter(holds)) {
          expect([other.cpu > size.cpu, other.cpu === size.cpu && other.memory >= size.memory]).to.include(true);
        }
      }),
    );
  });

  it("keeps the CPU that is asked for up to the largest memory, and not above", () => {
    fc.assert(
      fc.property(fc.constantFrom(...fargateCpus), fc.integer({ min: 1, max: 122624 }), (cpu, memory) => {
        const isKept = fargateSizeFor(cpu, memory)?.cpu === cpu;
        expect(isKept).to.equal(memory <= (largestMemory(cpu) ?? 0));
      }),
    );
  });
});
