/** VT-d's capability registers (page-table-formats.md 3.5, 3.6). */
import { fieldValue, readFields } from "./fields.js";
import { flag, undescribed, value } from "./rows.js";
const no = "no";
const yes = "yes";
const capRows = [
    undescribed(63, 0),
    value(2, 0, "ND", (v) => (v === 7 ? "reserved value" : `${2 ** (4 + 2 * v)} domain ids`)),
    flag(3, "AFL", no, "advanced fault logging"),
    flag(4, "RWBF", no, "software flushes the write buffer after table updates"),
    flag(5, "PLMR", no, "protected low memory"),
    flag(6, "PHMR", no, "protected high memory"),
    flag(7, "CM", no, "caching mode: mapping needs an invalidation too"),
    value(12, 8, "SAGAW", "levels supported: bit 1 is 3, bit 2 is 4, bit 3 is 5"),
    value(21, 16, "MGAW", (v) => `${v + 1} bits of input address`),
    flag(22, "ZLR", no, "zero-length reads"),
    value(33, 24, "FRO", (v) => `fault recording registers at offset 0x${(v * 16).toString(16)}`),
    value(37, 34, "SSLPS", (v) => `2 MiB leaves: ${v & 1 ? yes : no}, 1 GiB leaves: ${v & 2 ? yes : no}`),
    flag(39, "PSI", no, "page-selective invalidation"),
    value(47, 40, "NFR", (v) => `${v + 1} fault recording registers`),
    value(53, 48, "MAMV", (v) => `an invalidation covers up to 2^${v} pages`),
    flag(54, "DWD", no, "drains writes"),
    flag(55, "DRD", no, "drains reads"),
    flag(56, "FS1GP", no, "first-stage 1 GiB leaves"),
    flag(59, "PI", no, "posted interrupts"),
    flag(60, "FS5LP", no, "first-stage 5 levels"),
    flag(61, "ECMDS", no, yes),
    flag(62, "ESIRTPS", no, yes),
    flag(63, "ESRTPS", no, yes),
];
export function decodeVtdCapability(raw) {
    const get = (name) => fieldValue(capRows, [raw], name, null);
    const nd = get("ND");
    return {
        ...readFields(capRows, [raw], null),
        domainIds: nd === 7 ? null : 2 ** (4 + 2 * nd),
        writeBufferFlush: get("RWBF") === 1,
        cachingMode: get("CM") === 1,
        levels: [3, 4, 5].filter((levels) => (get("SAGAW") >>> (levels - 2)) & 1),
        inputBits: get("MGAW") + 1,
        has2m: (get("SSLPS") & 1) !== 0,
        has1g: (get("SSLPS") & 2) !== 0,
        pageSelectiveInvalidation: get("PSI") === 1,
        maxInvalidationOrder: get("MAMV"),
    };
}
const ecapRows = [
    undescribed(63, 0),
    flag(0, "C", "software writes back cache lines after table updates", "page walks are coherent"),
    flag(1, "QI", no, "queued invalidation"),
    flag(2, "DT", no, "device-TLB"),
    flag(3, "IR", no, "interrupt remapping"),
    flag(4, "EIM", no, "extended interrupt mode"),
    flag(6, "PT", no, "pass-through"),
    flag(7, "SC", no, "snoop control"),
    value(17, 8, "IRO", (v) => `IOTLB registers at offset 0x${(v * 16).toString(16)}`),
    value(23, 20, "MHMV", "maximum handle mask"),
    flag(25, "MTS", no, "memory types"),
    flag(26, "NEST", no, "nested translation"),
    flag(29, "PRS", no, "page requests"),
    flag(30, "ERS", no, "execute requests"),
    flag(31, "SRS", no, "supervisor requests"),
    flag(33, "NWFS", no, yes),
    flag(34, "EAFS", no, "extended accessed flag"),
    value(39, 35, "PSS", (v) => `${v + 1} bits of PASID`),
    flag(40, "PASID", no, "PASID"),
    flag(41, "DIT", no, "device-TLB invalidation throttle"),
    flag(42, "PDS", no, "page-request drain"),
    flag(43, "SMTS", no, "scalable mode"),
    flag(44, "VCS", no, "virtual commands"),
    flag(45, "SSADS", no, "second-stage accessed and dirty flags"),
    flag(46, "SSTS", no, "second-stage translation"),
    flag(47, "FSTS", no, "first-stage translation"),
    flag(48, "SMPWCS", no, "scalable-mode page-walk coherency"),
    flag(49, "RPS", no, "RID-PASID"),
    flag(52, "ADMS", no, "abort-DMA mode"),
    flag(53, "RPRIVS", no, "RID-PRIV"),
];
export function decodeVtdExtendedCapability(raw) {
    const get = (name) => fieldValue(ecapRows, [raw], name, null);
    return {
        ...readFields(ecapRows, [raw], null),
        coherent: get("C") === 1,
        queuedInvalidation: get("QI") === 1,
        deviceTlb: get("DT") === 1,
        passThrough: get("PT") === 1,
        snoopControl: get("SC") === 1,
        memoryTypes: get("MTS") === 1,
        scalableMode: get("SMTS") === 1,
        accessedDirty: get("SSADS") === 1,
        pasidBits: get("PASID") === 1 ? get("PSS") + 1 : 0,
    };
}
