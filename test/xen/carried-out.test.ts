import { describe, expect, it } from "vitest";
import { continueCalls } from "../../src/xen/continue.ts";
import { createDomain } from "../../src/xen/create.ts";
import { assignDevice } from "../../src/xen/devices.ts";
import { iomemPermission, memoryMapping } from "../../src/xen/domctl.ts";
import { makeMachine } from "../../src/xen/machine.ts";
import { MAIN_RELEASES } from "../../src/xen/release.ts";

const GIB = 2 ** 18;
const GFN = 2 ** 33;
const MFN = 2 ** 34;

/** How many calls of a request were made; the others were only accounted for. */
function made(xen: string, cpu: "intel" | "amd", pages: number, offset: number): readonly number[] {
  const machine = makeMachine({ xen, cpu, physBits: 52, options: { sharept: false } });
  const domain = createDomain(machine, { started: true, mtrrsSet: true, poolPages: 2 ** 36, logLimit: 0 });
  iomemPermission(domain, MFN, 2 ** 35, true);
  assignDevice(domain, "0000:03:00.0");
  return [true, false, true].map((add) => {
    let calls = 0;
    const { pagesDone } = continueCalls(domain, GFN, MFN + offset, pages, add, (done) => {
      calls++;
      return memoryMapping(domain, GFN + done, MFN + offset + done, pages - done, add);
    });
    expect(pagesDone).toBe(pages);
    return calls;
  });
}

describe("of a long request, in every release, with aligned and misaligned frames", () => {
  for (const xen of MAIN_RELEASES)
    it(`${xen} carries few calls out, to map, to remove and to map again`, () => {
      for (const cpu of ["intel", "amd"] as const)
        for (const offset of [0, 1]) {
          expect(Math.max(...made(xen, cpu, 128 * GIB, offset))).toBeLessThan(150);
          // 64 times as much in 512 GiB tables, 16 of them.
          expect(Math.max(...made(xen, cpu, 8192 * GIB, offset))).toBeLessThan(400);
        }
    });
});
