/** Where an EPT walk begins: EPTP and the capability MSR (page-table-formats.md 1.1, 1.2). */
import { failedChecks, fieldValue, packFields, readFields } from "./fields.js";
import { address, flag, reserved, undescribed, value } from "./rows.js";
const lacks = "not supported";
const has = "supported";
const capabilityRows = [
    undescribed(63, 0),
    flag(0, "executeOnly", lacks, has),
    flag(6, "walk4", lacks, has),
    flag(7, "walk5", lacks, has),
    flag(8, "UC", lacks, has),
    flag(14, "WB", lacks, has),
    flag(16, "2M", lacks, has),
    flag(17, "1G", lacks, has),
    flag(20, "INVEPT", lacks, has),
    flag(21, "AD", lacks, has),
    flag(22, "advancedExitInformation", lacks, has),
    flag(23, "supervisorShadowStack", lacks, has),
    flag(25, "INVEPT single-context", lacks, has),
    flag(26, "INVEPT all-context", lacks, has),
    flag(32, "INVVPID", lacks, has),
    flag(40, "INVVPID individual-address", lacks, has),
    flag(41, "INVVPID single-context", lacks, has),
    flag(42, "INVVPID all-context", lacks, has),
    flag(43, "INVVPID single-context-keep-globals", lacks, has),
    value(53, 48, "HLAT prefix size", "maximum HLAT prefix size"),
];
export function decodeEptCapabilities(raw) {
    const is = (name) => fieldValue(capabilityRows, [raw], name, null) === 1;
    return {
        ...readFields(capabilityRows, [raw], null),
        executeOnly: is("executeOnly"),
        levels: [...(is("walk4") ? [4] : []), ...(is("walk5") ? [5] : [])],
        uc: is("UC"),
        wb: is("WB"),
        has2m: is("2M"),
        has1g: is("1G"),
        accessedDirty: is("AD"),
        supervisorShadowStack: is("supervisorShadowStack"),
    };
}
const eptpRows = [
    value(2, 0, "memoryType", ["UC", "reserved", "reserved", "reserved", "reserved", "reserved", "WB", "reserved"]),
    value(5, 3, "walkLength", (v) => `${v + 1} levels`),
    flag(6, "AD", "accessed and dirty flags are off", "accessed and dirty flags are on"),
    flag(7, "SSS", "supervisor shadow-stack rights are not enforced", "supervisor shadow-stack rights are enforced"),
    reserved([11, 8]),
    address(51, 12, "root", "root table"),
    reserved([63, 52]),
    reserved((s) => [51, s.options.physBits ?? 52], "address-beyond-width", "beyond the physical address width"),
];
const memoryTypeOf = (raw) => raw.lo & 7;
const levelsOf = (raw) => ((raw.lo >>> 3) & 7) + 1;
const eptpChecks = [
    {
        code: "memory-type-illegal",
        when: ({ raw, options: { capabilities: c } }) => {
            const type = memoryTypeOf(raw);
            return !((type === 0 && (c?.uc ?? true)) || (type === 6 && (c?.wb ?? true)));
        },
        says: "this memory type is not allowed for EPT structures",
    },
    {
        code: "walk-length-illegal",
        when: ({ raw, options }) => !(options.capabilities?.levels ?? [4, 5]).includes(levelsOf(raw)),
        says: "this number of levels is not supported",
    },
    {
        code: "accessed-dirty-unsupported",
        when: ({ raw, options }) => (raw.lo & 0x40) !== 0 && options.capabilities?.accessedDirty === false,
        says: "accessed and dirty flags are not supported",
    },
    {
        code: "shadow-stack-unsupported",
        when: ({ raw, options }) => (raw.lo & 0x80) !== 0 && options.capabilities?.supervisorShadowStack === false,
        says: "supervisor shadow-stack control is not supported",
    },
];
export function decodeEptp(raw, options = {}) {
    const shape = { raw, options };
    const { fields, faults } = readFields(eptpRows, [raw], shape);
    const type = memoryTypeOf(raw);
    return {
        frame: fieldValue(eptpRows, [raw], "root", shape),
        levels: levelsOf(raw),
        memoryType: type === 0 ? "UC" : type === 6 ? "WB" : "reserved",
        accessedDirty: (raw.lo & 0x40) !== 0,
        supervisorShadowStack: (raw.lo & 0x80) !== 0,
        fields,
        faults: [...failedChecks(eptpChecks, shape), ...faults],
    };
}
/** Throws RangeError for a frame of 2^40 or above, or a level count other than 4 or 5. */
export function encodeEptp(eptp) {
    if (eptp.levels !== 4 && eptp.levels !== 5)
        throw new RangeError(`EPT has 4 or 5 levels, not ${eptp.levels}`);
    const shape = { raw: { lo: 0, hi: 0 }, options: {} };
    const values = {
        memoryType: eptp.memoryType === "UC" ? 0 : 6,
        walkLength: eptp.levels - 1,
        AD: Number(eptp.accessedDirty ?? false),
        SSS: Number(eptp.supervisorShadowStack ?? false),
        root: eptp.frame,
    };
    return packFields(eptpRows, 1, values, shape)[0];
}
