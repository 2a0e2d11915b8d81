import type { FrameRange } from "../src/ranges.ts";
import type { MachineSpec } from "../src/xen/machine.ts";
import { q35Pieces } from "./ram.ts";
import type { Target } from "./target.ts";

/** What the model must be told about an emulated machine, beside release, processor and command line. */
interface Facts {
  readonly physBits: number;
  readonly mmioRo: readonly FrameRange[];
  /** Beside the interrupt range and the IOMMU's registers. */
  readonly callerLacks: readonly FrameRange[];
}

const page = (mfn: number, pages = 1): FrameRange => ({ start: mfn, end: mfn + pages });

/** The hypervisor keeps these from being written: IO-APIC and HPET, and on q35 the PCI configuration window. */
export const IO_APIC = page(0xfec00);
const HPET = page(0xfed00);
export const MMCFG = page(0xb0000, 0x10000);

/** xen-mapping.md 7.9: on AMD before family 17h (QEMU's is 15) dom0 lacks the 12 GiB below 2^40 bytes. */
const HYPERTRANSPORT = page(0xfd00000, 0x300000);

const FACTS: Readonly<Record<"q35-amd" | "q35-intel" | "bochs", Facts>> = {
  "q35-amd": { physBits: 46, mmioRo: [IO_APIC, HPET, MMCFG], callerLacks: [HYPERTRANSPORT] },
  "q35-intel": { physBits: 46, mmioRo: [IO_APIC, HPET, MMCFG], callerLacks: [] },
  // Its processor model (Haswell) has 40 bits, and its chipset no configuration window.
  bochs: { physBits: 40, mmioRo: [IO_APIC, HPET], callerLacks: [] },
};

/** xen-mapping.md 7.9: dom0 lacks the whole interrupt range up to 4.17, the local APIC's page alone in 4.20.4. */
const interrupts = (target: Target): FrameRange => page(0xfee00, target.release.version === "4.20" ? 1 : 0x100);

/** Registers of the emulated IOMMU, which dom0 lacks too: asked for page by page. */
export const IOMMU_REGISTERS = { amdvi: [page(0xfed80, 4)], vtd: [page(0xfed90)] };

/** QEMU's intel-iommu as its log line tells: "supported page sizes: 4kB, 2MB, 1GB", "Snoop Control not enabled". */
const QEMU_VTD = { kind: "vtd", has2m: true, has1g: true, snoopControl: false, cachingMode: false } as const;
const QEMU_AMDVI = { kind: "amdvi" } as const;

/** Frames that hold the machine's RAM. */
export const ramOf = (target: Target): FrameRange[] =>
  target.emulator === "bochs"
    ? [page(0, target.memoryMiB * 256)]
    : q35Pieces(target.memoryMiB).map(({ start, pages }) => page(start, pages));

/** The model's machine for a target; `physBits` where a script asks QEMU for another width. */
export function modelSpec(target: Target, physBits?: number): Partial<MachineSpec> {
  const facts = FACTS[target.emulator === "bochs" ? "bochs" : target.vendor === "amd" ? "q35-amd" : "q35-intel"];
  const registers = target.iommuFormat ? IOMMU_REGISTERS[target.iommuFormat] : [];
  const iommu = { amdvi: QEMU_AMDVI, vtd: QEMU_VTD };
  const lacks = [...facts.callerLacks, interrupts(target), ...registers];
  return {
    physBits: facts.physBits,
    mmioRo: facts.mmioRo,
    callerLacks: lacks,
    ...(physBits === undefined || target.emulator === "bochs" ? {} : { physBits }),
    ram: ramOf(target),
    iommu: target.iommuFormat && iommu[target.iommuFormat],
  };
}
