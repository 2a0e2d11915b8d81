import { ERRNO, errnoName } from "./constants.js";
import { assignDevice, createDomain, deassignDevice, destroyDomain } from "./create.js";
import { iomemPermission, memoryMapping } from "./domctl.js";
import { libraryMemoryMapping } from "./libxc.js";
import { decreaseReservation, populate, removeFromPhysmap } from "./ram.js";
/** Create the domains of a script. Domain 0 exists always: a PVH dom0 without a device, whose permission is the caller's. */
export function makeWorld(machine, specs) {
    const domains = new Map(specs.map((spec) => [spec.id ?? 1, createDomain(machine, spec)]));
    if (!domains.has(0)) {
        const dom0 = createDomain(machine, {
            id: 0,
            guest: "pvh",
            hardwareDomain: true,
            poolPages: Number.POSITIVE_INFINITY,
            started: true,
        });
        dom0.permissions.frames = machine.callerPermissions;
        domains.set(0, dom0);
    }
    return { machine, domains };
}
const failure = (result) => (result < 0 ? { result, error: errnoName(result) } : { result });
function perform(domain, operation) {
    switch (operation.op) {
        case "populate":
            return {
                populated: populate(domain, Number(operation.gfn), operation.order, operation.extents, operation.mfn === null ? null : Number(operation.mfn)),
            };
        case "iomem_permission":
            return failure(iomemPermission(domain, operation.mfn, operation.pages, operation.allow));
        case "memory_mapping": {
            const { gfn, mfn, pages, add, raw, maxCalls, undoOnFailure } = operation;
            if (raw)
                return failure(memoryMapping(domain, gfn, mfn, pages, add));
            const limits = { ...(maxCalls === undefined ? {} : { maxCalls }), undoOnFailure: undoOnFailure ?? false };
            const done = libraryMemoryMapping(domain, gfn, mfn, pages, add, limits);
            return { ...failure(done.result), ...done };
        }
        case "remove_from_physmap":
            return failure(removeFromPhysmap(domain, Number(operation.gfn)));
        case "decrease_reservation":
            return {
                decreased: decreaseReservation(domain, Number(operation.gfn), operation.order, operation.extents),
            };
        case "assign_device":
            return failure(assignDevice(domain, operation.device));
        case "deassign_device":
            return failure(deassignDevice(domain, operation.device));
        case "destroy":
            return failure(destroyDomain(domain));
    }
}
/** For a domain that does not exist, requests that count extents count none; all others give -ESRCH. */
function ofNobody({ op }) {
    if (op === "populate")
        return { populated: 0 };
    if (op === "decrease_reservation")
        return { decreased: 0 };
    return failure(ERRNO.ESRCH);
}
/** Carry out one operation. A domain that was destroyed no longer exists. */
export function runOperation(world, operation) {
    const domain = world.domains.get(operation.domain);
    if (!domain || domain.destroyed)
        return ofNobody(operation);
    const before = domain.crashed;
    const result = perform(domain, operation);
    return domain.crashed && !before ? { ...result, crashed: true } : result;
}
