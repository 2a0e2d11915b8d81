/** The page-table formats, their roots and the capability registers that bear on them. */
import { amdvi, amdviTable } from "./amdvi.ts";
import { type EntryTable, reservedOf } from "./entry.ts";
import { ept, eptTable } from "./ept.ts";
import type { DecodeOptions, Format, FormatName, Raw } from "./format.ts";
import { npt, nptTable } from "./npt.ts";
import { vtd, vtdTable } from "./vtd.ts";

/** Every format by its name. */
export const FORMATS: Readonly<Record<FormatName, Format>> = { ept, npt, vtd, amdvi };

const BY_NAME: ReadonlyMap<string, Format> = new Map(Object.entries(FORMATS));

/** The format of this name; undefined when there is none. */
export const formatByName = (name: string): Format | undefined => BY_NAME.get(name);

const TABLES: Readonly<Record<FormatName, EntryTable>> = {
  ept: eptTable,
  npt: nptTable,
  vtd: vtdTable,
  amdvi: amdviTable,
};

/**
 * The bits that must be zero in an entry of this one's kind, size and level; none where it is not present. For audits:
 * entries that agree in kind and size share the mask, so most need no `decode`.
 */
export const reservedBits = (name: FormatName, raw: Raw, level: number, options: DecodeOptions = {}): Raw =>
  reservedOf(FORMATS[name], TABLES[name], raw, level, options);

export { withAddressMask } from "./address-mask.ts";
export * from "./caps-amdvi.ts";
export * from "./caps-vtd.ts";
export type { Reading } from "./fields.ts";
export * from "./format.ts";
export * from "./roots-amdvi.ts";
export * from "./roots-ept.ts";
export * from "./roots-vtd.ts";
export * from "./roots-vtd-pasid.ts";
export { p2mTypeNameOf, p2mTypeOf, p2mTypeText } from "./software-bits.ts";
export { amdvi, ept, npt, vtd };
