import { releaseOf } from "./releases.js";
const CONSOLE = "loglvl=all guest_loglvl=warning com1=115200,8n1 console=com1 console_timestamps=boot bootscrub=0";
/** The last `dom0=` of a command line, when it says which kind. */
function dom0Of(cmdline) {
    const parts = cmdline.split(/\s+/).flatMap((word) => (word.startsWith("dom0=") ? word.slice(5).split(",") : []));
    return parts.filter((part) => part === "pv" || part === "pvh").at(-1);
}
function qemuProcessor(hypervisor, iommu) {
    const physBits = hypervisor.physBits ?? 46;
    // rig.md 2: an Intel processor has no VMX here, so VT-d tables of HVM guests need the AMD one beside intel-iommu.
    const cpu = hypervisor.cpu === "amd" ? "qemu64,+svm,+npt,+pdpe1gb" : "Broadwell-noTSX";
    const unit = { amdvi: ["amd-iommu"], vtd: ["intel-iommu,intremap=on,aw-bits=48"] };
    return ["-cpu", `${cpu},phys-bits=${physBits}`, ...(iommu ? unit[iommu] : []).flatMap((d) => ["-device", d])];
}
/**
 * Which machine carries out a script for this hypervisor. Throws for a release that the rig does not have, and for VT-d
 * beside an AMD processor where the release does not look for it.
 */
export function targetOf(hypervisor, options = {}) {
    const release = releaseOf(hypervisor.xen);
    const { cpu, cmdline = "" } = hypervisor;
    const iommuFormat = hypervisor.iommu === undefined ? (cpu === "amd" ? "amdvi" : null) : hypervisor.iommu;
    if (cpu === "amd" && iommuFormat === "vtd" && !release.vtdBesideAmd)
        throw new Error(`Xen ${release.version} looks for no VT-d beside an AMD processor: take 4.17 or later`);
    const emulator = cpu === "intel" && iommuFormat === null ? "bochs" : "qemu";
    // The hypervisor's own default too, and several times quicker under emulation.
    const dom0 = dom0Of(cmdline) ?? "pv";
    const shared = { cpu, release, dom0, iommuFormat, devices: options.devices ?? [] };
    if (emulator === "bochs")
        return {
            ...shared,
            emulator,
            // The debugger reads memory through the hypervisor's own map of it: rig.md 2.
            cmdline: `${CONSOLE} dom0_mem=64M xpti=no ${cmdline}`.trim(),
            processor: ["corei7_haswell_4770"],
            p2mFormat: "ept",
            memoryMiB: options.memoryMiB ?? 512,
        };
    return {
        ...shared,
        emulator,
        cmdline: `${CONSOLE} dom0_mem=256M${iommuFormat ? " iommu=verbose,debug" : ""}` +
            `${cpu === "amd" && iommuFormat === "vtd" ? " iommu=no-sharept" : ""}` +
            `${cmdline === "" ? "" : ` ${cmdline}`}`,
        processor: qemuProcessor(hypervisor, iommuFormat),
        p2mFormat: "npt",
        memoryMiB: options.memoryMiB ?? 2048,
    };
}
/** Scripts with equal keys can share a boot. */
export const bootKey = (target) => JSON.stringify({ ...target, release: target.release.version });
const FIRST_SLOT = 8;
const LAST_SLOT = 30;
/** One test device a slot of bus 0, when any script assigns one. */
export function rigDevices(target, scripts) {
    const wanted = scripts.some((s) => s.operations.some((o) => o.op === "assign_device" || o.op === "deassign_device"));
    if (!wanted || target.emulator !== "qemu")
        return [];
    return Array.from({ length: LAST_SLOT - FIRST_SLOT + 1 }, (_, i) => ({
        argument: `pci-testdev,addr=0x${(FIRST_SLOT + i).toString(16)}`,
        sbdf: (FIRST_SLOT + i) << 3,
    }));
}
