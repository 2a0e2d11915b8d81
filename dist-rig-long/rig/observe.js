import { chosenFrames, keeping, translate } from "./chosen-frames.js";
import { domainResult, operationResult, parseText, } from "./results.js";
import { findImage, readDomains } from "./roots.js";
import { concernsDom0 } from "./script.js";
import { takeSnapshot } from "./snapshot.js";
function domainsNow(progress, stop) {
    const { target, xen } = progress;
    progress.image ??= findImage(stop.ram, xen.symbols);
    if (progress.image === undefined)
        throw new Error("the hypervisor's image is not in the machine's memory");
    const { offsets } = target.release;
    const domains = readDomains(keeping(stop.ram), progress.image, xen.symbols, offsets, target.iommuFormat);
    return new Map(domains.map((domain) => [domain.id, domain]));
}
/** The roots to take of a domain; shadow mode's P2M has the format of AMD's. */
function rootsOf(id, domain, target, hap) {
    if (domain === undefined)
        return [];
    const { p2m, iommu } = domain;
    const roots = [];
    if (p2m !== null)
        roots.push({ domain: id, what: "p2m", format: hap ? target.p2mFormat : "npt", mfn: p2m, levels: 4 });
    if (iommu !== null && target.iommuFormat !== null)
        roots.push({ domain: id, what: "iommu", format: target.iommuFormat, mfn: iommu.root, levels: iommu.levels });
    return roots;
}
/** Sees which frames the populate before a look's tag was given. */
export function look(progress, stop, tag) {
    const { domain, populated } = stop.look;
    const about = progress.tags[tag];
    const operation = about?.kind === "look" ? progress.scripts[about.script].operations[about.index] : undefined;
    if (operation?.op !== "populate")
        throw new Error("the payload looks where its script does not");
    const root = domainsNow(progress, stop).get(domain)?.p2m;
    if (!root)
        return;
    const reader = keeping(stop.ram);
    const frameOf = (gfn) => translate(reader, progress.target.p2mFormat, root, 4, gfn);
    progress.chosen.set(tag - 1, chosenFrames(frameOf, Number(operation.gfn), operation.order, populated));
}
function finishMember(progress, stop, member, lines, domains) {
    const script = progress.scripts[member.script];
    const { target, xen } = progress;
    const results = [];
    const made = [];
    progress.tags.forEach((tag, number) => {
        if (tag.script !== member.script)
            return;
        const fields = lines.get(number);
        if (fields === undefined)
            throw new Error(`the payload has no answer to line ${number} of its script`);
        if (tag.kind === "domain")
            made.push(domainResult(script.domains[tag.index].id, fields));
        if (tag.kind !== "operation")
            return;
        const mfns = progress.chosen.get(number);
        const result = operationResult(script.operations[tag.index], fields);
        results.push(mfns === undefined || mfns.length === 0 ? result : { ...result, mfns });
    });
    const roots = script.domains.flatMap((domain, i) => made[i].result === 0 ? rootsOf(domain.id, domains.get(made[i].xenId), target, domain.hap ?? true) : []);
    const dom0 = concernsDom0(script) ? rootsOf(0, domains.get(0), target, true) : [];
    const { cpu } = script.hypervisor;
    const source = {
        xen: xen.packageVersion,
        build: "debian",
        cpu,
        iommu: target.iommuFormat,
        cmdline: target.cmdline,
        emulator: target.emulator,
    };
    progress.observed.set(member.script, {
        results,
        domains: made,
        snapshot: takeSnapshot(stop.ram, [...dom0, ...roots], source),
    });
}
/** Takes the results and the tables of a round's scripts. */
export function checkpoint(progress, stop, round) {
    const lines = parseText(stop.text());
    const domains = domainsNow(progress, stop);
    for (const member of round.members)
        finishMember(progress, stop, member, lines, domains);
}
