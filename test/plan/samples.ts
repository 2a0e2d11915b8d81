import { readFileSync } from "node:fs";
import { type Inventory, readInputs } from "../../src/inventory/index.ts";

/** A device as `lspci -vvnn` prints it. Addresses are hex digits, sizes lspci's own ("16M", "32G", "512"). */
export interface SampleDevice {
  readonly bdf: string;
  readonly title?: string;
  readonly bars: readonly {
    readonly index: number;
    /** null: lspci's `<unassigned>`. */
    readonly at: string | null;
    readonly size: string | null;
    readonly bits?: 32 | 64;
    readonly prefetchable?: boolean;
    readonly virtual?: boolean;
  }[];
  readonly msix?: {
    readonly vectors: number;
    readonly table: readonly [number, string];
    readonly pba?: readonly [number, string];
  };
  readonly driver?: string;
}

export function lspci(devices: readonly SampleDevice[]): string {
  return devices
    .map(({ bdf, title, bars, msix, driver }) => {
      const lines = [
        `${bdf} ${title ?? "3D controller [0302]: NVIDIA Corporation GP102GL [Tesla P40] [10de:1b38] (rev a1)"}`,
        "\tControl: I/O- Mem+ BusMaster- SpecCycle- MemWINV- VGASnoop- ParErr- Stepping- SERR- FastB2B- DisINTx-",
        ...bars.map(
          ({ index, at, size, bits, prefetchable, virtual }) =>
            `\tRegion ${index}: ${virtual ? "[virtual] " : ""}Memory at ${at ?? "<unassigned>"} (${bits ?? 64}-bit, ${prefetchable === false ? "non-" : ""}prefetchable)${size === null ? "" : ` [size=${size}]`}`,
        ),
        ...(msix
          ? [
              `\tCapabilities: [b0] MSI-X: Enable- Count=${msix.vectors} Masked-`,
              `\t\tVector table: BAR=${msix.table[0]} offset=${msix.table[1]}`,
              ...(msix.pba ? [`\t\tPBA: BAR=${msix.pba[0]} offset=${msix.pba[1]}`] : []),
            ]
          : []),
        `\tKernel driver in use: ${driver ?? "pciback"}`,
      ];
      return `${lines.join("\n")}\n`;
    })
    .join("\n");
}

const INTEL_CAPS = "pv hvm hvm_directio pv_directio hap shadow iommu_hap_pt_share";

/** `xl info` with what a plan reads from it. */
export const xlInfo = (version: string, cmdline: string, cpus = 32, virtCaps = INTEL_CAPS): string => {
  const [major, minor, point] = version.split(".");
  return [
    "host                   : gpu-host",
    "release                : 6.1.0",
    "machine                : x86_64",
    `nr_cpus                : ${cpus}`,
    `virt_caps              : ${virtCaps}`,
    "total_memory           : 262050",
    `xen_major              : ${major}`,
    `xen_minor              : ${minor}`,
    `xen_extra              : .${point ?? "0"}`,
    `xen_version            : ${version}`,
    `xen_commandline        : ${cmdline}`,
    "",
  ].join("\n");
};

/** An xl.cfg with these lines besides the usual ones. */
export const xlCfg = (...lines: readonly string[]): string =>
  ['name = "guest"', 'type = "hvm"', 'vga = "stdvga"', ...lines, ""].join("\n");

export const inventoryOf = (...texts: readonly string[]): Inventory =>
  readInputs(
    texts.map((text, i) => ({ name: `input-${i + 1}`, text })),
    [],
  );

const P40 = new URL("../../examples/p40/", import.meta.url);

/** The published case: Xen 4.11 with `iommu=no-sharept`. */
export const p40 = (): Inventory =>
  inventoryOf(...["lspci.txt", "guest.cfg", "xl-info.txt"].map((name) => readFileSync(new URL(name, P40), "utf8")));

/** One GPU with a 256 MiB BAR: small enough for the 4 KiB plans of many tests. */
export const GPU: SampleDevice = {
  bdf: "3b:00.0",
  title: "3D controller [0302]: NVIDIA Corporation GM107GL [Tesla M10] [10de:13bd] (rev a2)",
  bars: [
    { index: 0, at: "c8000000", size: "16M", bits: 32, prefetchable: false },
    { index: 1, at: "383fe0000000", size: "256M" },
    { index: 3, at: "383ff0000000", size: "32M" },
  ],
};

/** A NIC whose MSI-X table has BAR 3 for itself. */
export const NIC: SampleDevice = {
  bdf: "5e:00.0",
  title: "Ethernet controller [0200]: Intel Corporation Ethernet Controller XL710 for 40GbE QSFP+ [8086:1583] (rev 02)",
  bars: [
    { index: 0, at: "c5000000", size: "16M" },
    { index: 3, at: "c6008000", size: "32K" },
  ],
  msix: { vectors: 129, table: [3, "00000000"], pba: [3, "00001000"] },
};
