import type { Gfn, Mfn } from "../address.ts";
import { ERRNO, errnoName } from "./constants.ts";
import { createDomain, destroyDomain } from "./create.ts";
import { assignDevice, deassignDevice } from "./devices.ts";
import { type Domain, type DomainSpec, isTranslated } from "./domain.ts";
import { iomemPermission, memoryMapping, type U64 } from "./domctl.ts";
import { mapForeign } from "./foreign.ts";
import { type Dom0Memory, mapMmio, setUpHardwareDomain } from "./hardware-domain.ts";
import { type LibraryResult, libraryMemoryMapping } from "./libxc.ts";
import type { Machine } from "./machine.ts";
import { decreaseReservation, populate, removeFromPhysmap } from "./ram.ts";

/** One step of an operation script (contract, "Operation scripts"). Frames may be any 64-bit number. */
export type Operation =
  | {
      readonly op: "populate";
      readonly domain: number;
      readonly gfn: U64;
      readonly order: number;
      readonly extents: number;
      /** null: the hypervisor chooses. */
      readonly mfn: U64 | null;
    }
  | {
      readonly op: "iomem_permission";
      readonly domain: number;
      readonly mfn: U64;
      readonly pages: U64;
      readonly allow: boolean;
    }
  | {
      readonly op: "memory_mapping";
      readonly domain: number;
      readonly gfn: U64;
      readonly mfn: U64;
      readonly pages: number;
      readonly add: boolean;
      /** A single domctl instead of the library call. */
      readonly raw?: boolean;
      readonly maxCalls?: number;
      readonly undoOnFailure?: boolean;
    }
  | { readonly op: "remove_from_physmap"; readonly domain: number; readonly gfn: U64 }
  | {
      readonly op: "decrease_reservation";
      readonly domain: number;
      readonly gfn: U64;
      readonly order: number;
      readonly extents: number;
    }
  | {
      /** Domain 0's tables as boot makes them; `memory` is a PV one's own, in frame ranges. */
      readonly op: "set_up_hardware_domain";
      readonly domain: number;
      readonly memory?: Dom0Memory;
    }
  | {
      /** The hypervisor's own mapping loop: BARs of a PVH domain 0's devices. */
      readonly op: "map_mmio";
      readonly domain: number;
      readonly gfn: U64;
      readonly mfn: U64;
      readonly pages: number;
    }
  | {
      /** A PV domain takes all the memory that the host has left, but for so many pages. */
      readonly op: "take_memory";
      readonly domain: number;
      readonly leave: number;
    }
  | {
      /** Pages of another domain's RAM. */
      readonly op: "map_foreign";
      readonly domain: number;
      readonly gfn: U64;
      readonly from: number;
      readonly fromGfn: U64;
      readonly pages: number;
    }
  | { readonly op: "assign_device" | "deassign_device"; readonly domain: number; readonly device: string }
  | { readonly op: "destroy"; readonly domain: number };

/** Result of one operation: 0, an error with its name, or what the request counts. */
export interface OperationResult {
  readonly result?: number;
  readonly error?: string;
  readonly populated?: number;
  readonly decreased?: number;
  readonly mapped?: number;
  readonly pagesDone?: number;
  readonly hypercalls?: number;
  readonly firstReturn?: number | null;
  readonly lastReturn?: number | null;
  readonly undo?: Omit<LibraryResult, "undo">;
  /** The hypervisor crashed the domain in this operation. */
  readonly crashed?: true;
}

/** A host and its domains by id. */
export interface World {
  readonly machine: Machine;
  readonly domains: ReadonlyMap<number, Domain>;
}

const DOM0: DomainSpec = {
  id: 0,
  guest: "pvh",
  hardwareDomain: true,
  poolPages: Number.POSITIVE_INFINITY,
  started: true,
};

/**
 * Create the domains of a script. Domain 0 exists always, whose permission is the caller's: a PVH one without a device
 * where the script says nothing else.
 */
export function makeWorld(machine: Machine, specs: readonly DomainSpec[]): World {
  const all = specs.some(({ id }) => id === 0) ? specs : [...specs, DOM0];
  const domains = new Map(
    all.map((spec) => [spec.id ?? 1, createDomain(machine, spec.id === 0 ? { ...DOM0, ...spec } : spec)]),
  );
  domains.get(0)!.permissions.frames = machine.callerPermissions;
  return { machine, domains };
}

const NO_MEMORY: Dom0Memory = { initial: [], later: [], pageTables: [] };

/** Its tables would need memory, too, so a translated domain cannot do it. */
function takeMemory(domain: Domain, leave: number): number {
  if (isTranslated(domain)) return ERRNO.EINVAL;
  domain.hoard += domain.machine.iommuPages - leave;
  domain.machine.iommuPages = leave;
  return 0;
}

const failure = (result: number): OperationResult => (result < 0 ? { result, error: errnoName(result) } : { result });

function perform({ domains }: World, domain: Domain, operation: Operation): OperationResult {
  switch (operation.op) {
    case "populate":
      return {
        result: 0,
        populated: populate(
          domain,
          Number(operation.gfn) as Gfn,
          operation.order,
          operation.extents,
          operation.mfn === null ? null : (Number(operation.mfn) as Mfn),
        ),
      };
    case "iomem_permission":
      return failure(iomemPermission(domain, operation.mfn, operation.pages, operation.allow));
    case "memory_mapping": {
      const { gfn, mfn, pages, add, raw, maxCalls, undoOnFailure } = operation;
      if (raw) return failure(memoryMapping(domain, gfn, mfn, pages, add));
      const limits = { ...(maxCalls === undefined ? {} : { maxCalls }), undoOnFailure: undoOnFailure ?? false };
      const done = libraryMemoryMapping(domain, gfn, mfn, pages, add, limits);
      return { ...failure(done.result), ...done };
    }
    case "remove_from_physmap":
      return failure(removeFromPhysmap(domain, Number(operation.gfn) as Gfn));
    case "set_up_hardware_domain":
      return failure(setUpHardwareDomain(domain, operation.memory ?? NO_MEMORY));
    case "map_mmio":
      return failure(mapMmio(domain, Number(operation.gfn) as Gfn, Number(operation.mfn) as Mfn, operation.pages));
    case "take_memory":
      return failure(takeMemory(domain, operation.leave));
    case "map_foreign": {
      const { gfn, fromGfn, pages } = operation;
      const from = domains.get(operation.from);
      const { result, mapped } = mapForeign(domain, Number(gfn) as Gfn, from, Number(fromGfn) as Gfn, pages);
      return { ...failure(result), mapped };
    }
    case "decrease_reservation":
      return {
        result: 0,
        decreased: decreaseReservation(domain, Number(operation.gfn) as Gfn, operation.order, operation.extents),
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
function ofNobody({ op }: Operation): OperationResult {
  if (op === "populate") return { populated: 0 };
  if (op === "decrease_reservation") return { result: 0, decreased: 0 };
  return failure(ERRNO.ESRCH);
}

/** Carry out one operation. A domain that was destroyed no longer exists. */
export function runOperation(world: World, operation: Operation): OperationResult {
  const domain = world.domains.get(operation.domain);
  if (!domain || domain.destroyed) return ofNobody(operation);
  const before = domain.crashed;
  const result = perform(world, domain, operation);
  return domain.crashed && !before ? { ...result, crashed: true } : result;
}
