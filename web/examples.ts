import broken from "../examples/broken-table/snapshot.json?raw";
import eightCfg from "../examples/eight-gpus/guest.cfg?raw";
import eightLspci from "../examples/eight-gpus/lspci.txt?raw";
import eightDmesg from "../examples/eight-gpus/xl-dmesg.txt?raw";
import eightInfo from "../examples/eight-gpus/xl-info.txt?raw";
import nicCfg from "../examples/msix-nic/guest.cfg?raw";
import nicLspci from "../examples/msix-nic/lspci.txt?raw";
import nicInfo from "../examples/msix-nic/xl-info.txt?raw";
import p40Cfg from "../examples/p40/guest.cfg?raw";
import p40Lspci from "../examples/p40/lspci.txt?raw";
import p40Info from "../examples/p40/xl-info.txt?raw";

import type { Change } from "./protocol.ts";

export interface Example {
  readonly name: string;
  readonly title: string;
  readonly says: string;
  /** What its timeline is run against. */
  readonly against: readonly Change[];
  readonly texts: readonly { readonly name: string; readonly text: string }[];
}

/** The folders of `examples/`, as the command line reads them. */
export const EXAMPLES: readonly Example[] = [
  {
    name: "p40",
    title: "P40 on Xen 4.11",
    against: [["xen", "4.12"]],
    says: "32 GiB in 8,388,608 entries of 4 KiB, because the IOMMU does not share the P2M's tables",
    texts: [
      { name: "lspci.txt", text: p40Lspci },
      { name: "xl-info.txt", text: p40Info },
      { name: "guest.cfg", text: p40Cfg },
    ],
  },
  {
    name: "eight-gpus",
    title: "Eight GPUs",
    against: [],
    says: "eight GPUs of 64 GiB on AMD: how the cost multiplies over devices and over a boot",
    texts: [
      { name: "lspci.txt", text: eightLspci },
      { name: "xl-info.txt", text: eightInfo },
      { name: "xl-dmesg.txt", text: eightDmesg },
      { name: "guest.cfg", text: eightCfg },
    ],
  },
  {
    name: "msix-nic",
    title: "MSI-X network cards",
    against: [],
    says: "an MSI-X table inside a large BAR costs its first 2 MiB their large entry",
    texts: [
      { name: "lspci.txt", text: nicLspci },
      { name: "xl-info.txt", text: nicInfo },
      { name: "guest.cfg", text: nicCfg },
    ],
  },
  {
    name: "broken-table",
    title: "A broken table",
    against: [],
    says: "page tables damaged by hand: faults, a circle, a table that is missing, an IOMMU that leads elsewhere",
    texts: [{ name: "snapshot.json", text: broken }],
  },
];
