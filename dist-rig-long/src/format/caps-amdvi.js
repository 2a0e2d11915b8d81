/** AMD-Vi's extended feature register and capability header (page-table-formats.md 4.6). */
import { fieldValue, readFields } from "./fields.js";
import { flag, undescribed, value } from "./rows.js";
const no = "no";
const yes = "yes";
const efrRows = [
    undescribed(63, 0),
    flag(0, "PreF", no, yes),
    flag(1, "PPR", no, "page requests"),
    flag(2, "XT", no, yes),
    flag(3, "NX", no, "no-execute and privilege levels"),
    flag(4, "GT", no, "guest translation"),
    flag(6, "IA", no, "invalidate all"),
    flag(7, "GA", no, yes),
    flag(8, "HE", no, yes),
    flag(9, "PC", no, "performance counters"),
    value(11, 10, "HATS", ["4 host levels", "5 host levels", "6 host levels", "no host translation"]),
    value(13, 12, "GATS", ["4 guest levels", "5 guest levels"]),
    value(15, 14, "GLX", (v) => `GCR3 tables of up to ${v + 1} levels`),
    value(23, 21, "GAM", "guest interrupt mode"),
    flag(31, "SATS", no, yes),
    value(36, 32, "PASmax", (v) => `${v + 1} bits of PASID`),
    flag(37, "US", no, yes),
    value(39, 38, "DevTblSeg", "device-table segments"),
    flag(48, "GIO", no, yes),
    flag(49, "HA", no, "host accessed flag"),
    flag(50, "EPH", no, yes),
    flag(51, "AttrFW", no, yes),
    flag(52, "HD", no, "host dirty flag"),
    flag(54, "InvIotlbType", no, yes),
    flag(55, "vIOMMU", no, yes),
    flag(63, "SNP", no, "secure nested paging"),
];
export function decodeAmdViFeatures(raw) {
    const get = (name) => fieldValue(efrRows, [raw], name, null);
    return {
        ...readFields(efrRows, [raw], null),
        maxLevels: get("HATS") === 3 ? null : get("HATS") + 4,
        maxGuestLevels: get("GATS") > 1 ? null : get("GATS") + 4,
        guestTranslation: get("GT") === 1,
        pasidBits: get("PASmax") + 1,
        hostAccessed: get("HA") === 1,
        hostDirty: get("HD") === 1,
        secureNestedPaging: get("SNP") === 1,
    };
}
export const decodeAmdViCapabilityHeader = (header) => ({
    iotlb: ((header >>> 24) & 1) === 1,
    npCache: ((header >>> 26) & 1) === 1,
    efrPresent: ((header >>> 27) & 1) === 1,
});
