/** Where an AMD-Vi walk begins: device table and device table entry (page-table-formats.md 4.1). */
import { failedChecks, fieldValue, packFields, readFields } from "./fields.js";
import { address, flag, reserved, undescribed, value } from "./rows.js";
const baseRows = [
    undescribed(63, 0),
    value(8, 0, "size", (v) => `${v + 1} pages, ${(v + 1) * 128} devices`),
    address(51, 12, "base", "device table"),
];
export function decodeDeviceTableBase(raw) {
    const pages = fieldValue(baseRows, [raw], "size", null) + 1;
    const frame = fieldValue(baseRows, [raw], "base", null);
    return { frame, pages, devices: pages * 128, ...readFields(baseRows, [raw], null) };
}
/** Throws RangeError for a frame of 2^40 or above, or pages other than 1 to 512. */
export const encodeDeviceTableBase = (frame, pages) => packFields(baseRows, 1, { base: frame, size: pages - 1 }, null)[0];
const off = "off";
const on = "on";
const dteRows = [
    undescribed(191, 128),
    undescribed(255, 192),
    flag(0, "V", "not valid: requests pass untranslated", "valid"),
    flag(1, "TV", "translation is not valid: requests are aborted", "translation is valid"),
    reserved([6, 2]),
    value(8, 7, "HAD", ["no host flags", "accessed flag", "reserved", "accessed and dirty flags"]),
    value(11, 9, "Mode", (v) => (v === 0 ? "no translation" : v === 7 ? "reserved value" : `${v} levels`)),
    address(51, 12, "root", "host page-table root"),
    flag(52, "PPR", off, "page requests"),
    flag(53, "GPRP", off, on),
    flag(54, "GIOV", off, on),
    flag(55, "GV", "no guest translation", "guest translation is valid"),
    value(57, 56, "GLX", (v) => `GCR3 table of ${v + 1} levels`),
    value(60, 58, "GCR3 14:12", "bits 14:12 of the GCR3 table's address"),
    flag(61, "IR", "reads are not allowed", "reads are allowed"),
    flag(62, "IW", "writes are not allowed", "writes are allowed"),
    reserved([63, 63]),
    value(79, 64, "DomainID", "domain id"),
    value(95, 80, "GCR3 30:15", "bits 30:15 of the GCR3 table's address"),
    flag(96, "I", "no IOTLB", "IOTLB (ATS) enabled"),
    flag(97, "SE", "events are reported", "repeated events of this device are suppressed"),
    flag(98, "SA", "events are reported", "all events of this device are suppressed"),
    value(100, 99, "IoCtl", "port I/O control"),
    flag(101, "Cache", off, on),
    flag(102, "SD", off, on),
    flag(103, "EX", off, on),
    value(105, 104, "SysMgt", "system management messages"),
    flag(106, "SATS", off, on),
    value(127, 107, "GCR3 51:31", "bits 51:31 of the GCR3 table's address"),
    flag(128, "IV", "interrupts are not remapped", "the interrupt map is valid"),
    value(132, 129, "IntTabLen", (v) => `${2 ** v} interrupt entries`),
    flag(133, "IG", off, on),
    address(179, 134, "interruptTable", "interrupt table"),
    value(183, 182, "GuestPagingMode", ["4 guest levels", "5 guest levels"]),
    flag(184, "InitPass", off, on),
    flag(185, "EIntPass", off, on),
    flag(186, "NMIPass", off, on),
    value(189, 188, "IntCtl", "interrupt control"),
    flag(190, "Lint0Pass", off, on),
    flag(191, "Lint1Pass", off, on),
    flag(246, "AttrV", off, on),
    flag(247, "Mode0FC", off, on),
    value(255, 248, "SnoopAttribute", "snoop attribute"),
];
const checks = [
    { code: "reserved-mode", when: (q0) => ((q0.lo >>> 9) & 7) === 7, says: "mode 7 is reserved" },
    { code: "reserved-tracking", when: (q0) => ((q0.lo >>> 7) & 3) === 2, says: "HAD 2 is reserved" },
];
const TRANSLATION = (v, tv, mode) => {
    if (v === 0)
        return "untranslated";
    if (tv === 0)
        return "aborted";
    if (mode === 0)
        return "no-translation";
    return mode === 7 ? "reserved" : "translated";
};
/** Reads four quadwords (lowest first); a missing one reads as zero. Faults are those of a valid entry only. */
export function decodeDeviceTableEntry(given) {
    const words = Array.from({ length: 4 }, (_, i) => given[i] ?? { lo: 0, hi: 0 });
    const get = (name) => fieldValue(dteRows, words, name, words[0]);
    const { fields, faults } = readFields(dteRows, words, words[0]);
    const mode = get("Mode");
    const translation = TRANSLATION(get("V"), get("TV"), mode);
    const translated = translation === "translated";
    return {
        translation,
        frame: translated ? get("root") : null,
        levels: translated ? mode : null,
        read: get("IR") === 1,
        write: get("IW") === 1,
        domainId: get("DomainID"),
        accessed: (get("HAD") & 1) === 1,
        dirty: get("HAD") === 3,
        gcr3: get("GV") === 1
            ? {
                frame: get("GCR3 51:31") * 2 ** 19 + get("GCR3 30:15") * 8 + get("GCR3 14:12"),
                levels: get("GLX") + 1,
            }
            : null,
        fields,
        faults: get("V") === 1 ? [...failedChecks(checks, words[0]), ...faults] : [],
    };
}
/** A valid entry with V and TV, IR and IW unless cleared. Throws RangeError for a value that does not fit. */
export function encodeDeviceTableEntry(entry) {
    if (!(entry.levels <= 6))
        throw new RangeError(`AMD-Vi has up to 6 levels, not ${entry.levels}`);
    const values = {
        V: 1,
        TV: 1,
        Mode: entry.levels,
        root: entry.frame,
        IR: Number(entry.read ?? true),
        IW: Number(entry.write ?? true),
        DomainID: entry.domainId,
    };
    return packFields(dteRows, 4, values, { lo: 0, hi: 0 });
}
