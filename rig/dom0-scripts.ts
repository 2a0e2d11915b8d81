import { hex, type Mfn } from "../src/address.ts";
import type { SnapshotTree } from "../src/image/snapshot.ts";
import { type E820Entry, type E820Type, pvhDom0Map, pvhRamAllocations } from "../src/platform/pvh-dom0.ts";
import { cutForVpci, type VpciBar, type VpciInput } from "../src/platform/vpci.ts";
import { translate } from "../src/radix/tree.ts";
import { type FrameRange, FrameSet } from "../src/ranges.ts";
import { parseRelease } from "../src/xen/release.ts";
import type { Dom0Report } from "./observe.ts";
import type { Target } from "./target.ts";
import { IO_APIC, IOMMU_REGISTERS, MMCFG } from "./targets-model.ts";

/** What a boot tells of its dom0: the console, and what the payload and the hypervisor's memory say. */
export interface Dom0Facts {
  readonly target: Target;
  readonly build: string;
  readonly log: string;
  readonly dom0: Dom0Report;
  /** dom0's P2M as it is: which frames its RAM got, the hypervisor chose. */
  readonly p2m: SnapshotTree | undefined;
  /** Bytes of the test device's large BAR, where there is one. */
  readonly largeBar: number;
}

type Pair = readonly [string, number];
type Operation = Readonly<Record<string, unknown>> & { readonly op: string; readonly domain: 0 };

const pair = ({ start, end }: FrameRange): Pair => [hex(start), end - start];

const E820 = /\[([0-9a-f]{16}), ([0-9a-f]{16})\] \((usable|reserved|ACPI data|ACPI NVS|unusable)\)/g;
const TYPES: Readonly<Record<string, E820Type>> = {
  usable: "ram",
  reserved: "reserved",
  "ACPI data": "acpi",
  "ACPI NVS": "nvs",
  unusable: "unusable",
};

/** The memory map that the hypervisor printed. */
const memoryMap = (log: string): E820Entry[] =>
  [...log.matchAll(E820)].map(([, first, last, type]) => ({
    start: Number(`0x${first}`),
    end: Number(`0x${last}`) + 1,
    type: TYPES[type!]!,
  }));

/** Later releases give back the megabyte that early boot did not allocate from, and say so. */
function ownFrames({ log, dom0: { ownFrames, bootAllocator } }: Dom0Facts): readonly FrameRange[] {
  const given = log.includes("unused BSS memory") ? [bootAllocator] : [];
  const own = FrameSet.of<Mfn>(...ownFrames);
  return given.reduce((set, { start, end }) => set.remove(start, end - start), own).ranges;
}

/** dom0's frames from number `first` on, as runs of machine frames. */
function slice(runs: readonly FrameRange[], first: number, end: number): FrameRange[] {
  let at = 0;
  return runs.flatMap((run) => {
    const from = Math.max(first, at);
    const to = Math.min(end, at + run.end - run.start);
    const part = { start: run.start + from - at, end: run.start + to - at };
    at += run.end - run.start;
    return from < to ? [part] : [];
  });
}

const run = (text: string): FrameRange => {
  const [start, count] = text.split("+").map((digits) => Number.parseInt(digits, 16));
  return { start: start!, end: start! + count! };
};

/** A PV dom0: what its construction placed for it, as the console's "TOTAL" line says, and what it got later. */
function pvOperations({ log, dom0: { fields } }: Dom0Facts): Operation[] {
  const memory = (fields.get("memory") ?? "").split(",").map(run);
  const tables = run(fields.get("tables") ?? "0+0");
  const placed = Number(`0x${/TOTAL: +[0-9a-f]{16}->([0-9a-f]{16})/.exec(log)?.[1] ?? "0"}`) / 4096;
  const parts = {
    initial: slice(memory, 0, placed),
    later: slice(memory, placed, Number.POSITIVE_INFINITY),
    pageTables: slice(memory, tables.start, tables.end),
  };
  const pairs = Object.fromEntries(Object.entries(parts).map(([name, ranges]) => [name, ranges.map(pair)]));
  return [{ op: "set_up_hardware_domain", domain: 0, memory: pairs }];
}

interface Device {
  /** Bytes of its memory BARs by index. */
  readonly bars: Readonly<Record<number, number>>;
  readonly msix: VpciInput["msix"];
}

/** The machine's devices that have memory BARs, by device and vendor (rig.md 1; the test device's large BAR is a run's). */
const DEVICES: Readonly<Record<string, Device>> = {
  "10d38086": {
    bars: { 0: 0x20000, 1: 0x20000, 3: 0x4000 },
    msix: { vectors: 5, table: { bar: 3, offset: 0 }, pba: { bar: 3, offset: 0x2000 } },
  },
  "51b36": { bars: { 0: 0x1000 }, msix: null },
  "29228086": { bars: { 5: 0x1000 }, msix: null },
};

/** Memory BARs of a device that decodes memory, from its registers. */
function barsOf(registers: readonly number[], device: Device, largeBar: number): VpciBar[] {
  const sizes: Readonly<Record<number, number>> =
    device === DEVICES["51b36"] ? { ...device.bars, 2: largeBar } : device.bars;
  return registers.flatMap((low, index) => {
    const size = sizes[index] ?? 0;
    if (size === 0 || low % 2 === 1) return [];
    const high = (low & 6) === 4 ? registers[index + 1]! : 0;
    const address = high * 2 ** 32 + (low - (low % 16));
    return [{ index, guest: address, host: address, size }];
  });
}

/** BARs that the hypervisor maps when it finds a device that decodes memory. */
function barOperations({ build, log, dom0: { fields }, largeBar }: Dom0Facts): Operation[] {
  const release = parseRelease(build);
  if (typeof release === "string") throw new Error(release);
  return [...fields]
    .filter(([key]) => key.startsWith("pci."))
    .flatMap(([, value]) => {
      const [id, command, ...registers] = value.split(",");
      const device = DEVICES[id!];
      const decodes = (Number.parseInt(command!, 16) & 2) !== 0;
      if (!device || !decodes) return [];
      const bars = barsOf(
        registers.map((digits) => Number.parseInt(digits, 16)),
        device,
        largeBar,
      );
      const { runs } = cutForVpci({ release, bars, msix: device.msix, hostE820: memoryMap(log) });
      return runs.map(
        ({ gfn, mfn, pages }): Operation => ({
          op: "map_mmio",
          domain: 0,
          gfn: hex(gfn),
          mfn: hex(mfn),
          pages,
        }),
      );
    });
}

/** dom0's allotment: dom0_mem=256M. */
const DOM0_PAGES = 0x10000;
/** The heap's largest order. */
const MAX_ORDER = 18;
const MIB_PAGES = 256;

/** A PVH dom0's RAM, with the frames that it got; then what nothing else mapped below 1 MiB (xen-mapping.md 8.3, 8.4). */
function ramOperations({ log, p2m }: Dom0Facts): Operation[] {
  const ram = pvhDom0Map(memoryMap(log), DOM0_PAGES).filter(({ type }) => type === "ram");
  const ranges = ram.map(({ start, end }) => ({ start: start / 4096, end: end / 4096 }));
  const populates = ranges.flatMap((range) =>
    [...pvhRamAllocations(range, MAX_ORDER)].map(({ start, order }): Operation => {
      const found = p2m && translate(p2m, start);
      return { op: "populate", domain: 0, gfn: hex(start), order, extents: 1, mfn: found ? hex(found.frame) : null };
    }),
  );
  const low = ranges[0]?.start === 0 ? ranges[0].end : 0;
  const rest: Operation = { op: "map_mmio", domain: 0, gfn: hex(low), mfn: hex(low), pages: MIB_PAGES - low };
  return [...populates, rest];
}

/** The script that makes the model's dom0 what the boot has made of the hypervisor's (contract's kind "script"). */
export function dom0Script(facts: Dom0Facts): Readonly<Record<string, unknown>> {
  const { target, build, log } = facts;
  const pvh = target.dom0 === "pvh";
  return {
    physmap: 1,
    kind: "script",
    hypervisor: {
      xen: build,
      cpu: target.cpu,
      cmdline: target.cmdline,
      memoryMap: memoryMap(log).map(({ start, end, type }) => [hex(start), hex(end - 1), type]),
      ownFrames: ownFrames(facts).map(pair),
      ioApics: [pair(IO_APIC)],
      configWindows: [pair(MMCFG)],
      ...(target.iommuFormat === "vtd" ? { vtdRegisters: IOMMU_REGISTERS.vtd.map(pair) } : {}),
    },
    domains: [{ id: 0, guest: target.dom0 }],
    operations: pvh
      ? [{ op: "set_up_hardware_domain", domain: 0 }, ...barOperations(facts), ...ramOperations(facts)]
      : pvOperations(facts),
  };
}
