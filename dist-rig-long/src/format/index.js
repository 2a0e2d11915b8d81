/** The page-table formats, their roots and the capability registers that bear on them. */
import { amdvi, amdviTable } from "./amdvi.js";
import { reservedOf } from "./entry.js";
import { ept, eptTable } from "./ept.js";
import { npt, nptTable } from "./npt.js";
import { vtd, vtdTable } from "./vtd.js";
/** Every format by its name. */
export const FORMATS = { ept, npt, vtd, amdvi };
const BY_NAME = new Map(Object.entries(FORMATS));
/** The format of this name; undefined when there is none. */
export const formatByName = (name) => BY_NAME.get(name);
const TABLES = {
    ept: eptTable,
    npt: nptTable,
    vtd: vtdTable,
    amdvi: amdviTable,
};
/**
 * The bits that must be zero in an entry of this one's kind, size and level; none where it is not present. For audits:
 * entries that agree in kind and size share the mask, so most need no `decode`.
 */
export const reservedBits = (name, raw, level, options = {}) => reservedOf(FORMATS[name], TABLES[name], raw, level, options);
export { withAddressMask } from "./address-mask.js";
export * from "./caps-amdvi.js";
export * from "./caps-vtd.js";
export * from "./format.js";
export * from "./roots-amdvi.js";
export * from "./roots-ept.js";
export * from "./roots-vtd.js";
export * from "./roots-vtd-pasid.js";
export { P2M_TYPE_NAMES, p2mTypeOf, p2mTypeText } from "./software-bits.js";
export { amdvi, ept, npt, vtd };
