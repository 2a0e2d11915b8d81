/** The model's side of the comparisons with C: Xen 4.16 on AMD, a BAR one page off, so that every entry is one of 4 KiB. */

import { frameField, frameHi, frameLo } from "../dist/format/format.js";
import { FORMATS } from "../dist/format/index.js";
import { SimulatedMemory } from "../dist/memory/simulated.js";
import { newTable } from "../dist/radix/edit.js";
import { store } from "../dist/radix/entries.js";
import { newPosition, placeOf, walk } from "../dist/radix/tree.js";
import { createDomain } from "../dist/xen/create.js";
import { assignDevice } from "../dist/xen/devices.js";
import { iomemPermission, memoryMapping } from "../dist/xen/domctl.js";
import { libraryMemoryMapping } from "../dist/xen/libxc.js";
import { makeMachine } from "../dist/xen/machine.js";

const GFN = 0x1000000;
const MFN = 0x38000001;
const at = newPosition();

function guest(stepwise, spec) {
  const machine = makeMachine({ xen: "4.16.0", cpu: "amd", physBits: 46, stepwise, ...spec });
  const domain = createDomain(machine, { started: true, mtrrsSet: true, poolPages: 2 ** 32, logLimit: 0 });
  if (iomemPermission(domain, 2 ** 25, 2 ** 34 - 2 ** 25, true) !== 0) throw new Error("no permission");
  assignDevice(domain, "0000:03:00.0");
  return domain;
}

/** Processor time of this process, in nanoseconds, garbage collection and compilation included. */
export function processorTime(work) {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1000;
}

/** Walk from the root, make the tables that are missing, and store: what the hypervisor's writers do for a block. */
function set(tree, frame, lo, hi) {
  let place = placeOf(tree, frame, 1, at);
  for (; place < 0; place = placeOf(tree, frame, 1, at)) {
    const pointer = tree.format.encodeTable(newTable(tree), at.level - 1);
    store(tree.memory.arena, at.index, pointer.lo, pointer.hi);
  }
  store(tree.memory.arena, place, lo, hi);
}

/** Enter `pages` pages into an NPT and an AMD-Vi tree one by one, without the rules. Returns nanoseconds. */
export function setEach(pages) {
  const memory = new SimulatedMemory(0x4000_0000);
  const make = (format) => ({ format, memory, root: newTable({ format, memory }), levels: 4 });
  const [p2m, iommu] = [make(FORMATS.npt), make(FORMATS.amdvi)];
  const time = processorTime(() => {
    for (let i = 0; i < pages; i++) {
      const lo = frameLo(MFN + i);
      const hi = frameHi(MFN + i);
      set(p2m, GFN + i, lo | 0x67, hi | 0x500000);
      set(iommu, GFN + i, lo | 1, hi | 0x7000_0000);
    }
  });
  if (memory.real < (2 * pages) / 512) throw new Error("not every table was made");
  memory.giveBack();
  return time;
}

/** Map `pages` pages block by block, each with walks from the root. Returns nanoseconds. */
export function carriedOut(pages, stepwise = true) {
  const domain = guest(stepwise);
  const time = processorTime(() => {
    // The hypercalls themselves: the library call fast-forwards over what they repeat.
    for (let done = 0; done < pages; ) {
      const result = memoryMapping(domain, GFN + done, MFN + done, pages - done, true);
      if (result < 0) throw new Error(`the mapping failed: ${result}`);
      done += result === 0 ? pages - done : result;
    }
  });
  const { p2mEntries, iommuEntries } = domain.ledger;
  if (p2mEntries !== pages || iommuEntries !== pages) throw new Error("not every page has its entry");
  // The next round has memory that was used before, as the C program's rounds have.
  domain.p2m.memory.giveBack();
  return time;
}

/** Have the words of all tables of 4 KiB entries for the GiB from a frame on. */
function makeReal(tree, frame) {
  const { memory } = tree;
  walk(tree, frame, 2, at);
  for (let place = at.index; place < at.index + 512; place++)
    memory.locate(frameField(memory.arena[2 * place], memory.arena[2 * place + 1]));
}

/** Map `pages` pages as a plan does, then have every byte of every table. Returns nanoseconds. */
export function inBulk(pages) {
  const domain = guest(false);
  const time = processorTime(() => {
    libraryMemoryMapping(domain, GFN, MFN, pages, true);
    for (const tree of [domain.p2m, domain.iommu.tree])
      for (let done = 0; done < pages; done += 2 ** 18) makeReal(tree, GFN + done);
  });
  if (domain.p2m.memory.real < (2 * pages) / 512) throw new Error("not every table was made real");
  domain.p2m.memory.giveBack();
  return time;
}

/** Map 8 devices of 256 GiB, all in 4 KiB entries, in both tables, as a plan does. Returns nanoseconds. */
export function eightDevices() {
  const pages = 2 ** 26;
  const domain = guest(false, { xen: "4.17.5", cpu: "intel", options: { sharept: false } });
  const time = processorTime(() => {
    for (let i = 0; i < 8; i++) libraryMemoryMapping(domain, 2 ** 32 + 1 + i * pages, 2 ** 33 + i * pages, pages, true);
  });
  if (domain.ledger.p2mEntries !== 8 * pages || domain.ledger.iommuEntries !== 8 * pages)
    throw new Error("not all mapped");
  domain.p2m.memory.giveBack();
  return time;
}
