import { SimulatedMemory } from "../memory/simulated.js";
import { FrameSet } from "../ranges.js";
import { release } from "./release.js";
export const DEFAULT_OPTIONS = {
    iommu: true,
    sharept: true,
    superpages: true,
    snoop: true,
    hap: true,
    hap2mb: true,
    hap1gb: true,
    execSp: false,
    altp2m: false,
};
const VTD = {
    kind: "vtd",
    units: 1,
    has2m: true,
    has1g: true,
    snoopControl: true,
    cachingMode: false,
    maxMask: 18,
};
const AMDVI = { ...VTD, kind: "amdvi", snoopControl: false };
export const DEFAULT_IOMMU = { intel: VTD, amd: AMDVI };
/** Where the model's own tables lie: 4 TiB, out of the way of RAM and of usual BAR windows. */
const TABLES_AT = 0x4000_0000;
/** Where RAM that the hypervisor chooses is taken from: 2 TiB. */
const RAM_AT = 0x2000_0000;
const RAM_PAGES = 0x1000_0000;
const DEFAULT_RAM = [
    { start: 0, end: 0x80000 },
    { start: 0x100000, end: 0x480000 },
];
/** Local APIC page: no domain may have it, dom0 included (7.9). */
const LOCAL_APIC = { start: 0xfee00, end: 0xfee01 };
/** Rule of 7.3 for one VT-d unit (the units' common sizes stand for all). */
function vtdMayShare(rel, p2m2m, p2m1g, iommu, superpages) {
    const allowed = rel.iommuSuperpages ? superpages : true;
    const implies = (p2m, unit) => !p2m || (unit && allowed);
    if (rel.vtdShareSubset)
        return implies(p2m2m, iommu.has2m) && implies(p2m1g, iommu.has1g);
    return p2m2m === iommu.has2m && p2m1g === iommu.has1g;
}
/** Build a host from what is known of it. Throws RangeError for an unknown release. */
export function makeMachine(spec) {
    const rel = typeof spec.xen === "string" ? release(spec.xen) : spec.xen;
    const cpu = spec.cpu ?? "intel";
    const options = { ...DEFAULT_OPTIONS, ...spec.options };
    const hap = (spec.hapPresent ?? true) && options.hap;
    const p2m2m = (cpu === "amd" || (spec.has2m ?? true)) && options.hap2mb;
    const p2m1g = (spec.has1g ?? true) && options.hap1gb;
    const present = spec.iommu === null || !options.iommu ? null : { ...DEFAULT_IOMMU[cpu], ...spec.iommu };
    const iommu = present && present.kind === "vtd" ? { ...present, snoopControl: present.snoopControl && options.snoop } : present;
    const superpages = rel.iommuSuperpages && options.superpages;
    const announced = iommu?.kind === "amdvi" ? [0, 9, 18] : [0, ...(iommu?.has2m ? [9] : []), ...(iommu?.has1g ? [18] : [])];
    const sharesTables = options.sharept &&
        hap &&
        iommu?.kind !== "amdvi" &&
        (iommu === null || (cpu === "intel" && vtdMayShare(rel, p2m2m, p2m1g, iommu, options.superpages)));
    const permitted = FrameSet.of({ start: 0, end: 2 ** ((spec.physBits ?? 46) - 12) });
    return {
        release: rel,
        cpu,
        physBits: spec.physBits ?? 46,
        cpus: spec.cpus ?? 1,
        options,
        hap,
        p2m2m,
        p2m1g,
        eptAd: spec.eptAd ?? true,
        execSuperpages: options.execSp || !(spec.execSuperpagesAffected ?? true) || !rel.restrictsExecSuperpages,
        selfSnoop: spec.selfSnoop ?? true,
        iommu,
        sharesTables,
        iommuOrders: superpages ? announced : [0],
        mmio1g: spec.mmio1g ?? false,
        stepwise: spec.stepwise ?? false,
        memory: new SimulatedMemory(TABLES_AT),
        mmioRo: FrameSet.of(...(spec.mmioRo ?? [])),
        special: FrameSet.empty(),
        ram: FrameSet.of(...(spec.ram ?? DEFAULT_RAM), { start: RAM_AT, end: RAM_AT + RAM_PAGES }),
        callerPermissions: [LOCAL_APIC, ...(spec.callerLacks ?? [])].reduce((set, r) => set.remove(r.start, r.end - r.start), permitted),
        iommuPages: spec.iommuPages ?? Number.POSITIVE_INFINITY,
        nextRam: RAM_AT,
    };
}
/**
 * How many frames from `mfn` on are alike to everything that looks at single machine frames: read-only or not, RAM or
 * not, special or not. Stretches of blocks are cut there.
 */
export const uniformFrames = ({ mmioRo, ram, special }, mfn) => Math.min(mmioRo.alikeFrom(mfn), ram.alikeFrom(mfn), special.alikeFrom(mfn));
/** RAM of an order that the hypervisor chooses: aligned, ascending. */
export function takeRam(machine, order) {
    const size = 2 ** order;
    const start = Math.ceil(machine.nextRam / size) * size;
    machine.nextRam = start + size;
    return start;
}
