const sets = (target) => ({ target });
const known = {};
/** The list options that bear on mapping (host-inputs.md 9.1 and 9.3, xen-mapping.md 7.1). */
export const LISTS = new Map([
    [
        "iommu",
        {
            bare: "iommu",
            parts: new Map([
                ["force", known],
                ["required", known],
                ["verbose", sets("iommuVerbose")],
                ["debug", sets("iommuDebug")],
                ["sharept", sets("sharept")],
                ["superpages", sets("superpages")],
                ["snoop", sets("snoop")],
                ["qinval", known],
                ["igfx", known],
                ["intremap", { valued: true }],
                ["intpost", known],
                ["quarantine", { valued: true }],
                ["crash-disable", known],
                ["amd-iommu-perdev-intremap", known],
                ["workaround_bios_bug", known],
                ["dom0-passthrough", { target: "dom0Iommu.passthrough", deprecated: "dom0-iommu=passthrough (4.12)" }],
                ["dom0-strict", { target: "dom0Iommu.strict", deprecated: "dom0-iommu=strict (4.12)" }],
            ]),
        },
    ],
    [
        "dom0-iommu",
        {
            parts: new Map([
                ["passthrough", sets("dom0Iommu.passthrough")],
                ["strict", sets("dom0Iommu.strict")],
                ["map-inclusive", sets("dom0Iommu.mapInclusive")],
                ["map-reserved", sets("dom0Iommu.mapReserved")],
                ["none", sets("dom0Iommu.none")],
            ]),
        },
    ],
    [
        "ept",
        {
            parts: new Map([
                ["ad", sets("eptAd")],
                ["pml", known],
                ["exec-sp", sets("eptExecSp")],
            ]),
        },
    ],
    [
        "dom0",
        {
            open: true,
            parts: new Map([
                ["pvh", sets("dom0Pvh")],
                ["pv", { target: "dom0Pvh", inverted: true }],
                ["shadow", sets("dom0Shadow")],
            ]),
        },
    ],
    // `spec-ctrl=no` switches all of it off, branch hardening included; a bare true leaves the defaults.
    ["spec-ctrl", { bare: "branchHarden", open: true, parts: new Map([["branch-harden", sets("branchHarden")]]) }],
]);
/** Plain booleans (host-inputs.md 9.3). */
export const BOOLEANS = new Map([
    ["hap", { target: "hap" }],
    ["hap_2mb", { target: "hap2mb" }],
    ["hap_1gb", { target: "hap1gb" }],
    ["altp2m", { target: "altp2m" }],
    ["iommu_inclusive_mapping", { target: "dom0Iommu.mapInclusive", deprecated: "dom0-iommu=map-inclusive" }],
]);
export const LOG_LEVELS = new Map([
    ["loglvl", "loglvlAll"],
    ["guest_loglvl", "guestLoglvlAll"],
]);
/** Names of options that a reader would take for one of the above. */
export const RELATED = /^(?:sharept|superpages|intel_iommu|amd_iommu|iommu\..{0,40}|iommu[-_]sharept|hap-[12][mg]b|ept[-_.].{1,40}|dom0_iommu|exec-sp)$/;
/** What was probably meant, by option and part. */
export const HINTS = new Map([
    ["iommu strict", "strict is a part of dom0-iommu= in Xen (and iommu.strict= is Linux's)."],
    ["iommu passthrough", "Write dom0-iommu=passthrough for dom0; a guest's passthrough= stands in its configuration."],
    ["iommu pt", "iommu=pt is Linux's."],
    ["iommu sharept", "Write iommu=sharept or iommu=no-sharept."],
    ["iommu superpages", "Write iommu=superpages or iommu=no-superpages."],
    ["iommu intel_iommu", "intel_iommu= is Linux's."],
    ["iommu amd_iommu", "amd_iommu= is Linux's."],
    ["iommu iommu.strict", "iommu.strict= is Linux's."],
    ["iommu iommu.passthrough", "iommu.passthrough= is Linux's."],
    ["iommu exec-sp", "Write ept=exec-sp."],
]);
