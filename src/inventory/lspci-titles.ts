import { readMsixText, readResizableText, readSriovText } from "./lspci-capability.ts";
import type { Section } from "./lspci-sections.ts";
import { matchOf, mayMatch } from "./lspci-wrapped.ts";
import type { AddNote } from "./notes.ts";
import type { PciDevice, Source, Sriov } from "./types.ts";

/** What the capabilities of a function tell, as far as anybody reads them. */
export interface Capabilities {
  readonly msix: PciDevice["msix"];
  readonly resizable: PciDevice["resizable"];
  readonly sriov: Sriov | null;
  /** A port of a switch or a root, or a bridge to another kind of bus. */
  readonly bridgePort: boolean;
  /** `Capabilities: <access denied>`: regions are complete, everything else is unknown. */
  readonly denied: boolean;
}

/** What each title is asked first: few are of a capability below. */
const KNOWN = /^(?:MSI-X:|Express|(?:<|&lt;)access)|Resizable BAR|\(SR-IOV\)/;
const CAPABILITIES = [
  ["msix", /^MSI-X:/],
  ["resizable", /^(?:Physical )?Resizable BAR/],
  ["virtualResizable", /^Virtual Resizable BAR/],
  ["sriov", /\(SR-IOV\)/],
  ["bridgePort", /^Express .*(?:Root Port|Upstream Port|Downstream Port|PCI-Express to PCI|PCI\/PCI-X to)/],
  ["denied", /^(?:<|&lt;)access denied/],
] as const;
const NONE: Capabilities = { msix: null, resizable: [], sriov: null, bridgePort: false, denied: false };

/** Finds by their titles the capabilities that are read, and reads them (host-inputs.md 1.3 to 1.6). */
export function readCapabilities(all: readonly Section[], from: (line: number) => Source, add: AddNote): Capabilities {
  const sections = all.filter(({ title }) => mayMatch(title, KNOWN));
  if (sections.length === 0) return NONE;
  const first = firstOfEach(sections);
  const msix = first.get("msix");
  const resizable = first.get("resizable");
  const virtualResizable = first.get("virtualResizable");
  const sriov = first.get("sriov");
  const vfSizes = virtualResizable === undefined ? [] : readResizableText(virtualResizable, add);
  return {
    msix: msix === undefined ? null : readMsixText(msix, add),
    resizable: resizable === undefined ? [] : readResizableText(resizable, add),
    sriov: sriov === undefined ? null : withSizes(readSriovText(sriov, from, add), vfSizes),
    bridgePort: first.has("bridgePort"),
    denied: first.has("denied"),
  };
}

type Name = (typeof CAPABILITIES)[number][0];

function firstOfEach(sections: readonly Section[]): ReadonlyMap<Name, Section> {
  const found = new Map<Name, Section>();
  for (let i = 0; i < CAPABILITIES.length; i++) {
    const pattern = CAPABILITIES[i]![1];
    const first = sections.find(({ title }) => matchOf(title, pattern) !== null);
    if (first !== undefined) found.set(CAPABILITIES[i]![0], first);
  }
  return found;
}

/** A Virtual Resizable BAR capability tells how large one VF's slice is now (guest-mmio-layout.md 11). */
function withSizes(sriov: Sriov | null, vfSizes: PciDevice["resizable"]): Sriov | null {
  if (sriov === null) return null;
  const bars = sriov.bars.map((bar) => ({ ...bar, size: vfSizes.find((v) => v.bar === bar.index)?.current ?? null }));
  return { ...sriov, bars };
}
