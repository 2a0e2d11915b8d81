/** VT-d scalable mode: context entry, PASID directory and PASID table entry (page-table-formats.md 3.2). */
import { packFields } from "./fields.js";
import { flag, reserved, value } from "./rows.js";
import { AW_SAYS, hawShape, isSet, pointer, readStructure } from "./vtd-structure.js";
const off = "off";
const on = "on";
const scalableContextRows = [
    flag(0, "P", "not present", "present"),
    flag(1, "FPD", "faults are reported", "fault reporting is off"),
    flag(2, "DTE", "no device-TLB", "device-TLB enabled"),
    flag(3, "PASIDE", "requests with PASID are blocked", "requests with PASID are allowed"),
    flag(4, "PRE", "no page requests", "page requests enabled"),
    reserved([8, 5]),
    value(11, 9, "PDTS", (v) => `the PASID directory holds ${2 ** (v + 7)} entries`),
    ...pointer(0, "PASIDDIRPTR", "PASID directory"),
    value(83, 64, "RID_PASID", "PASID of requests that carry none"),
    flag(84, "RID_PRIV", "requests without PASID are not privileged", "requests without PASID are privileged"),
    reserved([127, 85]),
    reserved([191, 128]),
    reserved([255, 192]),
];
export function decodeScalableContextEntry(words, options = {}) {
    const live = isSet(words, 0);
    const { fields, faults, get } = readStructure(scalableContextRows, [], hawShape(words, 4, options), live);
    return {
        frame: live ? get("PASIDDIRPTR") : null,
        directoryEntries: 2 ** (get("PDTS") + 7),
        ridPasid: get("RID_PASID"),
        deviceTlb: get("DTE") === 1,
        pasidEnabled: get("PASIDE") === 1,
        fields,
        faults,
    };
}
const directoryRows = [
    flag(0, "P", "not present", "present"),
    flag(1, "FPD", "faults are reported", "fault reporting is off"),
    reserved([11, 2]),
    ...pointer(0, "SMPTBLPTR", "PASID table"),
];
export function decodePasidDirectoryEntry(raw, options = {}) {
    const live = isSet([raw], 0);
    const { fields, faults, get } = readStructure(directoryRows, [], hawShape([raw], 1, options), live);
    return { frame: live ? get("SMPTBLPTR") : null, fields, faults };
}
const PGTT = ["reserved", "first-stage", "second-stage", "nested", "pass-through"];
const pasidRows = [
    flag(0, "P", "not present", "present"),
    flag(1, "FPD", "faults are reported", "fault reporting is off"),
    value(4, 2, "AW", AW_SAYS),
    flag(5, "SSEE", off, on),
    value(8, 6, "PGTT", PGTT),
    flag(9, "SSADE", "second-stage accessed and dirty flags are off", "second-stage accessed and dirty flags are on"),
    reserved([11, 10]),
    ...pointer(0, "SSPTPTR", "second-stage root table"),
    value(79, 64, "DID", "domain id"),
    reserved([86, 80]),
    flag(87, "PWSNP", off, on),
    flag(88, "PGSNP", off, on),
    flag(89, "CD", off, on),
    flag(90, "EMTE", "second-stage memory types are ignored", "second-stage memory types count"),
    value(93, 91, "EMT", "memory type"),
    flag(94, "PWT", off, on),
    flag(95, "PCD", off, on),
    value(127, 96, "PAT", "page attribute table"),
    flag(128, "SRE", off, on),
    flag(129, "ERE", off, on),
    value(131, 130, "FSPM", ["4 levels", "5 levels"]),
    flag(132, "WPE", off, on),
    flag(133, "NXE", off, on),
    flag(134, "SMEP", off, on),
    flag(135, "EAFE", off, on),
    reserved([139, 136]),
    ...pointer(2, "FSPTPTR", "first-stage root table"),
    ...[3, 4, 5, 6, 7].map((word) => reserved([word * 64 + 63, word * 64])),
];
const pgttOf = (shape) => (shape.words[0].lo >>> 6) & 7;
const awOf = (shape) => (shape.words[0].lo >>> 2) & 7;
const pasidChecks = [
    {
        code: "reserved-translation-type",
        when: (s) => pgttOf(s) < 1 || pgttOf(s) > 4,
        says: "PASID granular translation types other than 1 to 4 are reserved",
    },
    {
        code: "reserved-address-width",
        when: (s) => (pgttOf(s) === 2 || pgttOf(s) === 3) && (awOf(s) < 1 || awOf(s) > 3),
        says: "address widths other than 1, 2 and 3 are reserved",
    },
];
export function decodePasidEntry(words, options = {}) {
    const present = isSet(words, 0);
    const { fields, faults, get } = readStructure(pasidRows, pasidChecks, hawShape(words, 8, options), present);
    const translation = PGTT[get("PGTT")] ?? "reserved";
    const nested = translation === "nested";
    const aw = get("AW");
    return {
        present,
        translation,
        secondStage: present && (nested || translation === "second-stage")
            ? { frame: get("SSPTPTR"), levels: aw >= 1 && aw <= 3 ? aw + 2 : null }
            : null,
        firstStage: present && (nested || translation === "first-stage")
            ? { frame: get("FSPTPTR"), levels: get("FSPM") <= 1 ? get("FSPM") + 4 : null }
            : null,
        domainId: get("DID"),
        accessedDirty: get("SSADE") === 1,
        fields,
        faults,
    };
}
/** A present PASID directory entry. Throws RangeError for a frame that does not fit. */
export const encodePasidDirectoryEntry = (frame) => packFields(directoryRows, 1, { P: 1, SMPTBLPTR: frame }, hawShape([], 1, {}))[0];
/** A present scalable context entry. `directoryEntries` is a power of two, 2^7 to 2^14. Throws RangeError otherwise. */
export const encodeScalableContextEntry = (frame, directoryEntries, ridPasid = 0) => packFields(scalableContextRows, 4, { P: 1, PDTS: Math.log2(directoryEntries) - 7, PASIDDIRPTR: frame, RID_PASID: ridPasid }, hawShape([], 4, {}));
/** A present second-stage PASID entry. Throws RangeError for a value that does not fit or levels other than 3 to 5. */
export function encodePasidEntry(entry) {
    if (![3, 4, 5].includes(entry.levels))
        throw new RangeError(`VT-d has 3 to 5 levels, not ${entry.levels}`);
    const values = {
        P: 1,
        AW: entry.levels - 2,
        PGTT: PGTT.indexOf("second-stage"),
        SSADE: Number(entry.accessedDirty ?? false),
        SSPTPTR: entry.frame,
        DID: entry.domainId,
    };
    return packFields(pasidRows, 8, values, hawShape([], 8, {}));
}
