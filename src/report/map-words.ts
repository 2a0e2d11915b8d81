import type { AddressMap, MapBlock, MapDifference, Span } from "../plan/address-map.ts";
import { address, size, thousands } from "./units.ts";

/** The words of an address map. */

/** The byte address of a frame: "0x3838_0000_0000". */
export const addressOf = (frame: number): string => address(`0x${(frame * 4096).toString(16)}`);

/** Page-table formats as people write them. */
export const FORMAT_TITLES: Readonly<Record<string, string>> = { ept: "EPT", npt: "NPT", vtd: "VT-d", amdvi: "AMD-Vi" };

const HOLES: Readonly<Record<string, string>> = {
  "msix-table": "the MSI-X table is there",
  "msix-pba": "the MSI-X pending bits are there",
  "earlier-bar": "an earlier BAR has that page",
  "other-device": "another device's BAR has that page",
};

/** Why pages of a BAR are left out. */
export const holeName = (because: string): string => HOLES[because] ?? because;

/** A device's address without the domain, where that is 0. */
export const shortBdf = (bdf: string): string => bdf.replace(/^0000:/, "");

/** "82:00.0 BAR 1". */
export const blockName = ({ what, bar }: MapBlock): string =>
  bar ? `${shortBdf(bar.bdf)} BAR ${bar.index}` : what === "ram" ? "RAM" : "iomem=";

/** Disagreements in few words. */
export const DIFFERENCES: Readonly<Record<MapDifference["code"], string>> = {
  "p2m-only": "P2M only",
  "iommu-only": "IOMMU only",
  elsewhere: "lead elsewhere",
  rights: "rights differ",
};

const SIZES = [
  [18, "1 GiB"],
  [9, "2 MiB"],
  [0, "4 KiB"],
] as const;

const THOUSAND = ["", "k", "M", "G"] as const;

/** A number in few characters, rounded: "8.4M". */
function brief(n: number): string {
  let [value, unit] = [n, 0];
  while (value >= 1000 && unit < THOUSAND.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 || value >= 100 ? Math.round(value) : Number(value.toPrecision(2))}${THOUSAND[unit]}`;
}

/** How many entries of each size, in words of so many characters at most; empty when they do not fit. */
export function countsOf(spans: readonly Span[], most = Number.POSITIVE_INFINITY): string {
  const counts = SIZES.flatMap(([order, title]) => {
    const n = spans.filter((span) => span.order === order).reduce((sum, span) => sum + span.pages / 2 ** order, 0);
    return n === 0 ? [] : [[n, title] as const];
  });
  const words = [thousands, brief].map((write) =>
    counts.map(([n, title]) => `${write(Math.ceil(n))} × ${title}`).join(" + "),
  );
  return words.find((text) => text.length <= most) ?? "";
}

/** What a picture shows, for those who do not see it. */
export function mapDescription({ blocks, iommu, unplaced }: AddressMap): string {
  const parts = blocks.map((block) => {
    const where = `${blockName(block)}, ${size(block.pages * 4096)} at ${addressOf(block.start)}`;
    if (block.what === "ram") return where;
    const p2m = countsOf(block.p2m) || "nothing";
    const own = iommu === "own" ? `, IOMMU ${countsOf(block.iommu) || "nothing"}` : "";
    const cuts = block.cuts.length > 0 ? `, ${block.cuts.length} cut out` : "";
    const differs = block.differences.length > 0 ? `, P2M and IOMMU disagree: ${block.differences[0]!.says}` : "";
    return `${where}: P2M ${p2m}${own}${cuts}${differs}`;
  });
  const tables = {
    own: "The IOMMU has tables of its own.",
    shared: "The IOMMU shares the P2M's tables.",
    none: "No IOMMU.",
  };
  const lost = unplaced.map(({ bdf, index, because }) => `${shortBdf(bdf)} BAR ${index} has no place: ${because}`);
  return `${tables[iommu]} In ascending order: ${[...parts, ...lost].join("; ")}.`;
}

/** A text that fits, by a width of its characters. */
export const fitted = (text: string, width: number, character: number): string => {
  const most = Math.floor(width / character);
  return text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1))}…`;
};
