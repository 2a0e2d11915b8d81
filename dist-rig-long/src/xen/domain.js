import { FORMATS } from "../format/index.js";
import { FrameSet as Frames } from "../ranges.js";
import { newLedger } from "./ledger.js";
import { M2p } from "./m2p.js";
/** Nested P2M roots that every HAP domain holds from its creation on (11.1). */
const NESTED_P2MS = 10;
const ALTP2M_VIEWS = 10;
const LOG_LINES = 1000;
/** One more than the highest table level, so that levels are indices. */
const LEVELS = 7;
/** Translated domains have a P2M; PV guests do not. */
export const isTranslated = (domain) => domain.kind !== "pv";
/** The domain uses the IOMMU (7.2, first row). */
export const usesIommu = (domain) => domain.iommuMode !== "none";
/** Has any iomem permission; in 4.21 and later an assigned device counts too (2.4). */
export const hasIoPermission = (domain) => !domain.permissions.frames.isEmpty || (domain.machine.release.assignedCountsAsPermission && domain.devices.size > 0);
/** Create a domain as the toolstack does: root tables, what creation takes from the pool, IOMMU context by release. */
export function makeDomain(machine, spec = {}) {
    const { release } = machine;
    const kind = spec.guest ?? "hvm";
    const hap = kind !== "pv" && machine.hap && (spec.hap ?? true);
    const format = hap && machine.cpu === "intel" ? FORMATS.ept : FORMATS.npt;
    const root = machine.memory.allocate();
    const tree = { format, memory: machine.memory, root, levels: 4 };
    const p2ms = 1 + NESTED_P2MS + (machine.options.altp2m && machine.cpu === "intel" ? ALTP2M_VIEWS : 0);
    const used = p2ms * (release.startsWithRootOnly ? 1 : 4) + (spec.vcpus ?? 1);
    const wanted = spec.iommu ?? "default";
    return {
        id: spec.id ?? 1,
        machine,
        kind,
        hap,
        hardwareDomain: spec.hardwareDomain ?? false,
        vcpus: spec.vcpus ?? 1,
        mtrrsSet: spec.mtrrsSet ?? false,
        started: spec.started ?? false,
        crashed: false,
        destroyed: false,
        ledger: newLedger(),
        permissions: { frames: Frames.empty() },
        p2m: tree,
        highestGfn: 0,
        pool: { pages: kind === "pv" ? Number.POSITIVE_INFINITY : (spec.poolPages ?? 256), used },
        m2p: new M2p(),
        ownedPages: 0,
        maxPages: spec.maxMemKiB === undefined ? Number.POSITIVE_INFINITY : Math.floor(spec.maxMemKiB / 4),
        wantsSharing: wanted === "default" || wanted === "share_pt",
        iommuMode: "none",
        iommu: null,
        amdMerging: !release.amdWithoutMerging,
        devices: new Set(),
        decisions: [],
        demotion: null,
        log: [],
        logLimit: spec.logLimit ?? LOG_LINES,
        markerStores: new Array(LEVELS).fill(0),
        upperStores: null,
    };
}
/** Whether another line would be kept; spares hot paths the making of lines that would not. */
export const logHasRoom = (domain) => domain.log.length < domain.logLimit;
/** A line of the hypervisor's console, without its prefix. */
export function logLine(domain, line) {
    if (logHasRoom(domain))
        domain.log.push(line);
}
/** The domain as this release's log lines name it (2.3). */
export const domainTag = (domain) => `${domain.machine.release.domctlUnlocked ? "d" : "dom"}${domain.id}`;
export function crash(domain) {
    domain.crashed = true;
}
/** Note how a block was decided; like decisions that continue each other become one. */
export function note(domain, gfn, mfn, pages, order, because) {
    const last = domain.decisions[domain.decisions.length - 1];
    if (last &&
        last.because === because &&
        last.order === order &&
        last.gfn + last.pages === gfn &&
        last.mfn + last.pages === mfn)
        last.pages += pages;
    else
        domain.decisions.push({ gfn, mfn, pages, order, because });
}
