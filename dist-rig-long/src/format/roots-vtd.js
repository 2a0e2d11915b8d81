/**
 * From VT-d's root-table register to a second-stage root: root and context entries in legacy and scalable mode
 * (page-table-formats.md 3.1, 3.2). The PASID structures that scalable mode goes on with are in roots-vtd-pasid.ts.
 * Structures are quadwords, lowest first; faults are those of present structures only.
 */
import { packFields } from "./fields.js";
import { address, flag, ignored, reserved, undescribed, value } from "./rows.js";
import { AW_SAYS, hawShape, isSet, pointer, readStructure } from "./vtd-structure.js";
const registerRows = [
    undescribed(63, 0),
    value(11, 10, "TTM", ["legacy mode", "scalable mode", "reserved", "abort DMA"]),
    address(63, 12, "RTA", "root table"),
];
const MODES = ["legacy", "scalable", "reserved", "abort"];
export function decodeRootTableAddress(raw) {
    const { fields, get } = readStructure(registerRows, [], hawShape([raw], 1, {}), true);
    const mode = MODES[get("TTM")] ?? "reserved";
    const faults = mode === "reserved" ? [{ code: "reserved-mode", says: "translation-table mode 2 is reserved" }] : [];
    return { frame: get("RTA"), mode, fields, faults };
}
const rootRows = [
    flag(0, "P", "not present", "present"),
    reserved([11, 1]),
    ...pointer(0, "CTP", "context table"),
    reserved([127, 64]),
];
export function decodeRootEntry(words, options = {}) {
    const shape = hawShape(words, 2, options);
    const live = isSet(words, 0);
    const { fields, faults, get } = readStructure(rootRows, [], shape, live);
    return { frame: live ? get("CTP") : null, fields, faults };
}
/** A present legacy root entry. Throws RangeError for a frame that does not fit. */
export const encodeRootEntry = (frame) => packFields(rootRows, 2, { P: 1, CTP: frame }, hawShape([], 2, {}));
const scalableRootRows = [
    undescribed(63, 0),
    undescribed(127, 64),
    flag(0, "LP", "not present", "present"),
    ...pointer(0, "LCTP", "context table of devfn 0 to 127"),
    flag(64, "UP", "not present", "present"),
    ...pointer(1, "UCTP", "context table of devfn 128 to 255"),
];
export function decodeScalableRootEntry(words, options = {}) {
    const lower = isSet(words, 0);
    const upper = isSet(words, 64);
    const { fields, faults, get } = readStructure(scalableRootRows, [], hawShape(words, 2, options), lower || upper);
    return { lower: lower ? get("LCTP") : null, upper: upper ? get("UCTP") : null, fields, faults };
}
/** Throws RangeError for a frame that does not fit. */
export const encodeScalableRootEntry = (lower, upper) => packFields(scalableRootRows, 2, { LP: Number(lower !== null), LCTP: lower ?? 0, UP: Number(upper !== null), UCTP: upper ?? 0 }, hawShape([], 2, {}));
const TT = ["multi-level", "multi-level-device-tlb", "pass-through", "reserved"];
const contextRows = [
    flag(0, "P", "not present", "present"),
    flag(1, "FPD", "faults are reported", "fault reporting is off"),
    value(3, 2, "TT", TT),
    reserved([11, 4]),
    ...pointer(0, "SSPTPTR", "second-stage root table"),
    value(66, 64, "AW", AW_SAYS),
    ignored(70, 67),
    reserved([71, 71]),
    value(87, 72, "DID", "domain id"),
    reserved([127, 88]),
];
const contextChecks = [
    {
        code: "reserved-translation-type",
        when: ({ words }) => ((words[0].lo >>> 2) & 3) === 3,
        says: "translation type 3 is reserved",
    },
    {
        code: "reserved-address-width",
        when: ({ words }) => {
            const aw = words[1].lo & 7;
            return aw < 1 || aw > 3;
        },
        says: "address widths other than 1, 2 and 3 are reserved",
    },
];
export function decodeContextEntry(words, options = {}) {
    const present = isSet(words, 0);
    const { fields, faults, get } = readStructure(contextRows, contextChecks, hawShape(words, 2, options), present);
    const aw = get("AW");
    const legal = aw >= 1 && aw <= 3;
    const translation = TT[get("TT")] ?? "reserved";
    return {
        present,
        faultProcessingDisabled: get("FPD") === 1,
        translation,
        frame: present && translation.startsWith("multi-level") ? get("SSPTPTR") : null,
        levels: legal ? aw + 2 : null,
        width: legal ? 30 + 9 * aw : null,
        domainId: get("DID"),
        fields,
        faults,
    };
}
/** A present context entry. Throws RangeError for a value that does not fit or a level count other than 3 to 5. */
export function encodeContextEntry(entry) {
    if (![3, 4, 5].includes(entry.levels))
        throw new RangeError(`VT-d has 3 to 5 levels, not ${entry.levels}`);
    const tt = TT.indexOf(entry.translation ?? "multi-level");
    const values = { P: 1, TT: tt, SSPTPTR: entry.frame, AW: entry.levels - 2, DID: entry.domainId };
    return packFields(contextRows, 2, values, hawShape([], 2, {}));
}
