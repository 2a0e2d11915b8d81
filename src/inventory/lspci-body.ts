import type { Block } from "./lspci-blocks.ts";
import { readMsixText, readResizableText, readSriovText } from "./lspci-capability.ts";
import { isAboutRegions, type Own, readOwn, shown } from "./lspci-own.ts";
import { type Section, splitSections } from "./lspci-sections.ts";
import { firstMatch, mayMatch } from "./lspci-wrapped.ts";
import type { AddNote } from "./notes.ts";
import type { PciDevice, Source, Sriov } from "./types.ts";

/** What the lines below a block's head tell. */
export interface Body {
  readonly own: Own;
  readonly capabilities: BodyCapabilities;
}

export interface BodyCapabilities {
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
const MSIX = /^MSI-X:/;
const RESIZABLE = /^(?:Physical )?Resizable BAR/;
const VIRTUAL_RESIZABLE = /^Virtual Resizable BAR/;
const SRIOV = /\(SR-IOV\)/;
const BRIDGE_PORT = /^Express .*(?:Root Port|Upstream Port|Downstream Port|PCI-Express to PCI|PCI\/PCI-X to)/;
const DENIED = /^(?:<|&lt;)access denied/;
const NONE: BodyCapabilities = { msix: null, resizable: [], sriov: null, bridgePort: false, denied: false };

/** Reads a block's body (host-inputs.md 1). `add` gets a note on each line that looks relevant and was not understood. */
export function readBody(block: Block, from: (line: number) => Source, add: AddNote): Body {
  const { own, capabilities, stray } = splitSections(block);
  for (const line of stray.filter(isAboutRegions))
    add("unread", `deeper than the function's own lines, but in no capability: ${shown(line)}`, line.line);
  const ownFacts = readOwn(own, add);
  const known = capabilities.filter(({ title }) => mayMatch(title, KNOWN));
  return { own: ownFacts, capabilities: known.length === 0 ? NONE : readCapabilities(known, from, add) };
}

function readCapabilities(
  sections: readonly Section[],
  from: (line: number) => Source,
  add: AddNote,
): BodyCapabilities {
  const msix = titled(sections, MSIX);
  const resizable = titled(sections, RESIZABLE);
  const virtualResizable = titled(sections, VIRTUAL_RESIZABLE);
  const sriov = titled(sections, SRIOV);
  const vfSizes = virtualResizable === undefined ? [] : readResizableText(virtualResizable, add);
  return {
    msix: msix === undefined ? null : readMsixText(msix, add),
    resizable: resizable === undefined ? [] : readResizableText(resizable, add),
    sriov: sriov === undefined ? null : withSizes(readSriovText(sriov, from, add), vfSizes),
    bridgePort: titled(sections, BRIDGE_PORT) !== undefined,
    denied: titled(sections, DENIED) !== undefined,
  };
}

const titled = (sections: readonly Section[], pattern: RegExp): Section | undefined =>
  sections.find(({ title }) => firstMatch([title], pattern) !== null);

/** A Virtual Resizable BAR capability tells how large one VF's slice is now (guest-mmio-layout.md 11). */
function withSizes(sriov: Sriov | null, vfSizes: PciDevice["resizable"]): Sriov | null {
  if (sriov === null) return null;
  const bars = sriov.bars.map((bar) => ({ ...bar, size: vfSizes.find((v) => v.bar === bar.index)?.current ?? null }));
  return { ...sriov, bars };
}
