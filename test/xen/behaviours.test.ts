/** Each row of the release table by what it changes: the last releases without it, and the first ones with it. */
import { describe, expect, it } from "vitest";
import type { Mfn } from "../../src/address.ts";
import { translate } from "../../src/radix/tree.ts";
import { FrameSet } from "../../src/ranges.ts";
import { TYPE } from "../../src/xen/constants.ts";
import { createDomain } from "../../src/xen/create.ts";
import { assignDevice } from "../../src/xen/devices.ts";
import { type Domain, type DomainSpec, hasIoPermission } from "../../src/xen/domain.ts";
import { iomemPermission, memoryMapping } from "../../src/xen/domctl.ts";
import { mapForeign } from "../../src/xen/foreign.ts";
import type { Dom0Memory } from "../../src/xen/hardware-domain.ts";
import type { HostMap } from "../../src/xen/host-map.ts";
import { requestUnmap } from "../../src/xen/iommu/request.ts";
import { type MachineSpec, makeMachine } from "../../src/xen/machine.ts";
import { mapMmioRegions } from "../../src/xen/map-mmio.ts";
import { makeWorld, runOperation } from "../../src/xen/operations.ts";
import { mmioOrder } from "../../src/xen/order.ts";
import { compose } from "../../src/xen/p2m/ept-entry.ts";
import { EMT_UC, EMT_WB, effectiveMemoryType, IPAT } from "../../src/xen/p2m/ept-memory-type.ts";
import { setEntries } from "../../src/xen/p2m/write.ts";
import { populate } from "../../src/xen/ram.ts";
import type { Behaviour } from "../../src/xen/release.ts";
import { flagsOf, GIB, g, grant, m, makeGuest, mapped, rawAt, runningGuest, unmapped } from "./helpers.ts";

const AT = 128 * GIB;
const BAR = 256 * GIB;

interface Row {
  readonly without: string;
  readonly since: string;
  readonly observe: (xen: string) => unknown;
  readonly before: unknown;
  readonly after: unknown;
}

const guest = (machine: MachineSpec, spec: DomainSpec = {}): Domain => {
  const { domain } = runningGuest(machine, spec);
  grant(domain, BAR, GIB);
  return domain;
};
const unshared = (xen: string): MachineSpec => ({ xen, options: { sharept: false } });
const amd = (xen: string, more: Partial<MachineSpec> = {}): MachineSpec => ({ xen, cpu: "amd", ...more });
const plain = (xen: string): MachineSpec => ({ xen, iommu: null });
const p2mFlags = (domain: Domain, gfn: number, mfn: number) => flagsOf(rawAt(domain.p2m, gfn), mfn);
/** A guest whose pool is dry, with a 2 MiB RAM leaf at gfn 0. */
function dry(machine: MachineSpec): Domain {
  const domain = guest(machine);
  Object.assign(domain.pool, { pages: domain.pool.used });
  return domain;
}
/** One page mapped; flags of its entry. */
function onePage(machine: MachineSpec, spec: DomainSpec = {}): string | undefined {
  const domain = guest(machine, spec);
  mapped(domain, AT, BAR, 1);
  return p2mFlags(domain, AT, BAR);
}
const lowByte = (raw: string | undefined) => raw?.slice(-3);

const HOST: HostMap = {
  memory: [
    { first: 0, last: 0x9fbff, type: "ram" },
    { first: 0x100000, last: 0x7fff_ffff, type: "ram" },
    { first: 0xb000_0000, last: 0xb3ff_ffff, type: "reserved" },
  ],
  own: FrameSet.of<Mfn>({ start: 0x7000, end: 0x7100 }),
  ioApics: FrameSet.of<Mfn>({ start: 0xfec00, end: 0xfec01 }),
  configWindows: FrameSet.empty<Mfn>(),
  vtdRegisters: FrameSet.empty<Mfn>(),
};
/** Domain 0 as boot makes it on a small host. */
function dom0Of(machine: MachineSpec, kind: "pv" | "pvh", memory?: Dom0Memory): Domain {
  const options = { sharept: false, ...machine.options };
  const world = makeWorld(makeMachine({ hostMap: HOST, ...machine, options }), [{ id: 0, guest: kind }]);
  const done = runOperation(world, { op: "set_up_hardware_domain", domain: 0, ...(memory ? { memory } : {}) });
  expect(done).toEqual({ result: 0 });
  return world.domains.get(0)!;
}

const ROWS: Record<Behaviour, Row> = {
  mmioOrderNeedsHapOnly: {
    without: "4.7 4.11 4.11-tip",
    since: "4.12 as-posted",
    observe: (xen) => mapped(guest(amd(xen)), AT, BAR, 512).ledger.iterations,
    before: 512,
    after: 1,
  },
  loopRefusesPv: {
    without: "4.7 4.15.2",
    since: "4.16",
    observe: (xen) => {
      const domain = guest(plain(xen), { guest: "pv" });
      const rc = memoryMapping(domain, AT, BAR, 1, true);
      return [mapMmioRegions(domain, g(AT), 1, m(BAR)), rc, domain.log.length];
    },
    before: [0, 0, 1],
    after: [-95, 0, 0],
  },
  domctlLeavesMemoryTypes: {
    without: "4.7 4.16.7",
    since: "4.17",
    observe: (xen) => mapped(guest({ xen }), AT, BAR, 512).ledger.cacheFlushes,
    before: 1,
    after: 0,
  },
  memoryTypeCountsPermissions: {
    without: "4.7 4.9-tip 4.10.3 4.11.1 4.12.0",
    since: "4.10.4 4.11.2 4.12.1 4.13 4.16",
    observe: (xen) => mapped(guest(plain(xen)), AT, BAR, 1).ledger.cacheFlushes,
    before: 0,
    after: 1,
  },
  revocationOnlyRemoves: {
    without: "4.14.6 4.17.7",
    since: "4.20 4.20.4",
    // As a real 4.14.6, 4.17.7 and 4.20.4 answer: granted 4-5 and 12-17, revoked 10-12.
    observe: (xen) => {
      const { domain } = runningGuest(plain(xen));
      iomemPermission(domain, BAR + 4, 2, true);
      iomemPermission(domain, BAR + 12, 6, true);
      iomemPermission(domain, BAR + 10, 3, false);
      return domain.permissions.frames.ranges.map(({ start, end }) => [start - BAR, end - BAR]);
    },
    before: [
      [4, 10],
      [13, 18],
    ],
    after: [
      [4, 6],
      [13, 18],
    ],
  },
  memoryTypeFlushConditional: {
    without: "4.17 4.20.3",
    since: "4.21 4.22",
    // The first grant to a domain without IOMMU context, on NPT: no memory-type hook, so nothing to do.
    observe: (xen) => guest(amd(xen, { iommu: null })).ledger.cacheFlushes,
    before: 1,
    after: 0,
  },
  assignedCountsAsPermission: {
    without: "4.17 4.20.3",
    since: "4.21 4.22",
    observe: (xen) => hasIoPermission(runningGuest({ xen }).domain),
    before: false,
    after: true,
  },
  domctlUnlocked: {
    without: "4.7 4.16.7 4.17.6 4.18.5 4.19.5 4.20.3 4.21.1",
    since: "4.17.7 4.18.6 4.19.6 4.20.4 4.21.2 4.22",
    observe: (xen) => {
      const domain = guest({ xen }, { id: 5 });
      mapped(domain, AT, BAR, 1);
      return domain.log[0];
    },
    before: "memory_map:add: dom5 gfn=2000000 mfn=4000000 nr=1",
    after: "memory_map:add: d5 gfn=2000000 mfn=4000000 nr=1",
  },
  removeNeedsCallerOnly: {
    without: "4.7 4.21.2",
    since: "4.22",
    observe: (xen) => {
      const domain = guest({ xen });
      mapped(domain, AT, BAR, 1);
      iomemPermission(domain, BAR, 1, false);
      return unmapped(domain, AT, BAR, 1).value.result;
    },
    before: -1,
    after: 0,
  },
  guardsDirectMmio: {
    without: "4.7 4.10-tip 4.11.4 4.12.4 4.13.3 4.14.2 4.15.0",
    since: "4.11-tip 4.12-tip 4.13.4 4.14.3 4.15.1 4.16 4.22",
    observe: (xen) => {
      const domain = guest({ xen });
      mapped(domain, AT, BAR, 1);
      return [memoryMapping(domain, AT, BAR + 1, 1, true), domain.crashed];
    },
    before: [0, false],
    after: [-1, true],
  },
  toleratesIdentical: {
    without: "4.11-tip 4.12-tip",
    since: "4.13.4 4.14.3 4.15.1 4.16 4.22",
    observe: (xen) => {
      const domain = guest({ xen });
      mapped(domain, AT, BAR, 1);
      const { setEntries: before } = domain.ledger;
      return [memoryMapping(domain, AT, BAR, 1, true), domain.crashed, domain.ledger.setEntries - before];
    },
    before: [-1, true, 0],
    after: [0, false, 0],
  },
  m2pAfterWrite: {
    without: "4.7 4.12.4 4.13.4 4.14.3 4.15.1",
    since: "4.12-tip 4.13.5 4.14.4 4.15.2 4.16",
    // A page of MMIO inside a 2 MiB RAM leaf needs a split, for which there is no table.
    observe: (xen) => {
      const domain = dry(plain(xen));
      return [memoryMapping(domain, 0x200, BAR, 1, true), domain.m2p.gfnOf(m(0x20200)), domain.m2p.gfnOf(m(0x20201))];
    },
    before: [-12, undefined, 0x201],
    after: [-12, 0x200, 0x201],
  },
  startsWithRootOnly: {
    without: "4.7 4.13.5",
    since: "4.14 4.22",
    observe: (xen) => createDomain(makeMachine({ xen })).pool.used,
    before: 45,
    after: 12,
  },
  shadowSuperpages: {
    without: "4.7 4.16.7",
    since: "4.17",
    observe: (xen) => {
      const { domain } = makeGuest(plain(xen), { hap: false });
      populate(domain, g(0x200), 9, 1, m(0x20000));
      return domain.ledger.p2mEntries;
    },
    before: 512,
    after: 1,
  },
  populateReportsRejection: {
    without: "4.11-tip 4.15.1",
    since: "4.16",
    observe: (xen) => {
      const domain = guest({ xen });
      mapped(domain, AT, BAR, 1);
      const owned = domain.ownedPages;
      return [populate(domain, g(AT), 0, 3, null), domain.ownedPages - owned, domain.crashed];
    },
    before: [3, 3, true],
    after: [0, 1, true],
  },
  eptAccessAt59: {
    without: "4.7 4.14 4.19.6",
    since: "4.20",
    observe: (xen) => onePage({ xen }),
    before: "9c50000000000b07",
    after: "b850000000000b07",
  },
  eptSnoopByDomain: {
    without: "4.7 4.12-tip",
    since: "4.13 4.19",
    observe: (xen) => {
      const { domain } = makeGuest({ xen }, { iommu: "none" });
      populate(domain, g(0x400), 0, 1, m(0x20000));
      return p2mFlags(domain, 0x400, 0x20000);
    },
    before: "9c00000000000b77",
    after: "9c00000000000377",
  },
  restrictsExecSuperpages: {
    without: "4.7 4.8.5 4.9.4 4.10.4 4.11.2 4.12.1",
    since: "4.8-tip 4.9-tip 4.10-tip 4.11.3 4.12.2 4.13",
    observe: (xen) => {
      const domain = guest({ xen });
      mapped(domain, AT, BAR, 512);
      return p2mFlags(domain, AT, BAR);
    },
    before: "9c50000000000b87",
    after: "9c50000000000b83",
  },
  emtSpecialPagesBeforeMmio: {
    without: "4.7 4.14.4",
    since: "4.15 4.22",
    // RAM frames can be mapped as direct MMIO; this one is special.
    observe: (xen) => {
      const { domain, machine } = runningGuest({ xen });
      machine.special = FrameSet.of<Mfn>({ start: 0x30000, end: 0x30001 });
      grant(domain, 0x30000, 1);
      mapped(domain, AT, 0x30000, 1);
      return lowByte(p2mFlags(domain, AT, 0x30000));
    },
    before: "b07",
    after: "b77",
  },
  emtIgnoresMfnValid: {
    without: "4.15.0 4.15.2 4.16.0 4.16.7 4.17.0 4.17.4 4.18.0 4.18.2",
    since: "4.17.5 4.18.3 4.19 4.22",
    observe: (xen) => lowByte(onePage({ xen })),
    before: "b47",
    after: "b07",
  },
  emtCountsSpecialPages: {
    without: "4.15 4.16.7",
    since: "4.17 4.22",
    observe: (xen) => {
      const { domain, machine } = runningGuest({ xen });
      machine.special = FrameSet.of<Mfn>({ start: 0x30000, end: 0x30200 });
      return effectiveMemoryType(domain, 0x30000, 9, 1, TYPE.mmio_direct);
    },
    before: -1,
    after: EMT_WB | IPAT,
  },
  emtForeignWb: {
    without: "4.7 4.15.2",
    since: "4.16",
    observe: (xen) =>
      effectiveMemoryType(runningGuest({ xen }, { mtrrsSet: false }).domain, 0x30000, 0, 1, TYPE.map_foreign),
    before: EMT_UC,
    after: EMT_WB | IPAT,
  },
  emtSpecialPagesWb: {
    without: "4.7 4.11-tip 4.12.3 4.13.1 4.14.0",
    since: "4.12.4 4.13.2 4.14.1 4.15",
    observe: (xen) => {
      const { domain, machine } = runningGuest({ xen });
      machine.special = FrameSet.of<Mfn>({ start: 0x30000, end: 0x30001 });
      return effectiveMemoryType(domain, 0x30000, 0, 1, TYPE.ram_rw);
    },
    before: EMT_WB,
    after: EMT_WB | IPAT,
  },
  emtPresentOnly: {
    without: "4.7 4.16.7 4.17.4 4.18.2",
    since: "4.17.5 4.18.3 4.19",
    observe: (xen) => {
      const { domain } = makeGuest({ xen });
      compose(domain, 0x30000, 0, 1, TYPE.paged, 7, 0);
      return domain.ledger.emtComputations;
    },
    before: 1,
    after: 0,
  },
  eptNoTableIsEnomem: {
    without: "4.7 4.13.5",
    since: "4.14",
    observe: (xen) => memoryMapping(dry(plain(xen)), AT, BAR, 1, true),
    before: -2,
    after: -12,
  },
  nptWithoutIommuBits: {
    without: "4.7 4.12-tip",
    since: "4.13",
    observe: (xen) => rawAt(guest(amd(xen, { iommu: null })).p2m, 0),
    before: "60000000200000e7",
    after: "00000000200000e7",
  },
  nptFlushAtUnlock: {
    without: "4.7 4.21.2",
    since: "4.22",
    // One store replaces the 2 MiB leaf by a table, the second the page's own part.
    observe: (xen) => mapped(guest(amd(xen)), 0x200, BAR, 1).ledger.tlbFlushes,
    before: 2,
    after: 1,
  },
  iommuFixedAtCreation: {
    without: "4.7 4.12-tip",
    since: "4.13",
    observe: (xen) => {
      const modes = (["default", "none"] as const).map((iommu) => {
        const { domain } = makeGuest({ xen }, { iommu });
        return [domain.iommuMode, assignDevice(domain, "0000:03:00.0"), domain.iommuMode];
      });
      return modes;
    },
    before: [
      ["none", 0, "shared"],
      ["none", 0, "sync"],
    ],
    after: [
      ["shared", 0, "shared"],
      ["none", -95, "none"],
    ],
  },
  vtdShareSubset: {
    without: "4.7 4.11-tip 4.12.2 4.13.0",
    since: "4.12.3 4.13.1 4.14",
    observe: (xen) => makeMachine({ xen, has1g: false }).sharesTables,
    before: false,
    after: true,
  },
  iommuSuperpages: {
    without: "4.12 4.16.7",
    since: "4.17",
    observe: (xen) => mapped(guest(unshared(xen)), AT, BAR, 512).ledger.iommuEntries,
    before: 512,
    after: 1,
  },
  iommuRequests: {
    without: "4.7 4.11-tip",
    since: "4.12",
    observe: (xen) => {
      const domain = guest(unshared(xen));
      const before = domain.ledger.iommuMapCalls;
      populate(domain, g(0x400), 9, 1, m(0x30000));
      return domain.ledger.iommuMapCalls - before;
    },
    before: 512,
    after: 1,
  },
  iommuFailureFlushesAll: {
    without: "4.12 4.14.4",
    since: "4.15",
    observe: (xen) => {
      const domain = guest(unshared(xen));
      domain.machine.iommuPages = 0;
      const { ledger } = mapped(domain, AT, BAR, 512);
      return [ledger.iotlbFlushes, ledger.iotlbDomainCommands, domain.crashed];
    },
    before: [0, 0, true],
    after: [1, 1, true],
  },
  iommuMapsMmio: {
    without: "4.7 4.8-tip",
    since: "4.9",
    observe: (xen) => mapped(guest(unshared(xen)), AT, BAR, 1).ledger.iommuMapCalls,
    before: 0,
    after: 1,
  },
  iommuRightsFromAccess: {
    without: "4.9 4.11.4 4.12.4 4.13.3 4.14.2 4.15.0",
    since: "4.11-tip 4.12-tip 4.13.4 4.14.3 4.15.1 4.16",
    observe: (xen) => {
      const domain = guest(unshared(xen));
      mapMmioRegions(domain, g(AT), 1, m(BAR), 1);
      return flagsOf(rawAt(domain.iommu!.tree, AT), BAR);
    },
    before: "0000000000000803",
    after: "0000000000000801",
  },
  iommuErrorsReturned: {
    without: "4.7 4.7-tip",
    since: "4.8",
    observe: (xen) => {
      const domain = guest(unshared(xen));
      domain.machine.iommuPages = 0;
      const rc = setEntries(domain, AT, 0x30000, 0, 1, TYPE.ram_rw, 7);
      return [rc, p2mFlags(domain, AT, 0x30000) !== undefined, domain.crashed];
    },
    before: [0, true, true],
    after: [-12, true, true],
  },
  amdWithoutMerging: {
    without: "4.7-tip 4.11.0 4.11-tip",
    since: "4.12",
    observe: (xen) => {
      const { domain } = makeGuest(amd(xen));
      assignDevice(domain, "0000:03:00.0");
      populate(domain, g(0x30200), 9, 1, m(0x30200));
      return domain.ledger.iommuMerges;
    },
    before: 1,
    after: 0,
  },
  amdMergesWhileCreated: {
    without: "4.9.3 4.10.2 4.11.0",
    since: "4.9.4 4.10.3 4.11.1 4.11-tip",
    observe: (xen) =>
      [true, false].map((started) => {
        const { ledger } = mapped(guest(amd(xen), { started }), AT, BAR, 512);
        return [ledger.iommuMerges, ledger.iotlbCommands];
      }),
    before: [
      [1, 512],
      [1, 512],
    ],
    after: [
      [0, 0],
      [1, 0],
    ],
  },
  guestsMapForeign: {
    without: "4.7 4.14.6 4.17.7",
    since: "4.20.4 4.22",
    observe: (xen) => {
      const { machine, domain } = makeGuest(plain(xen));
      const other = createDomain(machine, { id: 2 });
      populate(other, g(0), 0, 1, null);
      return mapForeign(domain, g(AT), other, g(0), 1);
    },
    before: { result: -1, mapped: 0 },
    after: { result: 0, mapped: 1 },
  },
  dom0EntersAllocations: {
    without: "4.13 4.16.7",
    since: "4.17",
    observe: (xen) => {
      const memory = {
        initial: [{ start: 0x8000, end: 0x8008 }],
        later: [{ start: 0x9000, end: 0x9001 }],
        pageTables: [{ start: 0x8005, end: 0x8008 }],
      };
      const dom0 = dom0Of({ xen, options: { dom0Strict: true } }, "pv", memory);
      return [0x8004, 0x8005, 0x8007, 0x9000, 0x9001].map((mfn) => translate(dom0.iommu!.tree, mfn) !== null);
    },
    before: [true, false, true, false, false],
    after: [true, false, false, true, false],
  },
  dom0MapsReadOnly: {
    without: "4.13 4.16.7",
    since: "4.17",
    observe: (xen) => {
      const dom0 = dom0Of(
        {
          xen,
          mmioRo: [
            { start: 0xb0000, end: 0xb0010 },
            { start: 0xfec00, end: 0xfec01 },
          ],
        },
        "pv",
      );
      return [0xb0000, 0xb0010, 0xfec00]
        .map((mfn) => translate(dom0.iommu!.tree, mfn)?.lo ?? null)
        .map((lo) => lo && lo & 3);
    },
    before: [3, 3, null],
    after: [1, 3, 1],
  },
  dom0MapsByRanges: {
    without: "4.13 4.18.5",
    since: "4.19",
    observe: (xen) => translate(dom0Of({ xen }, "pvh").p2m, 0xb0000)?.order,
    before: 0,
    after: 9,
  },
  dom0MapsPermittedOnly: {
    without: "4.13 4.19.1 4.20.0",
    since: "4.19.2 4.20.1 4.21",
    observe: (xen) =>
      translate(dom0Of({ xen, callerLacks: [{ start: 0xb0000, end: 0xb0001 }] }, "pvh").p2m, 0xb0000) === null,
    before: false,
    after: true,
  },
  vtdAssignTakesRootOnly: {
    without: "4.13 4.14.6 4.16.7",
    since: "4.17",
    observe: (xen) =>
      [true, false].map((empty) => {
        const { domain } = makeGuest(unshared(xen));
        if (!empty) populate(domain, g(AT), 0, 1, null);
        const { iommuTables } = domain.ledger;
        assignDevice(domain, "0000:03:00.0");
        return domain.ledger.iommuTables - iommuTables;
      }),
    before: [3, 0],
    after: [0, 0],
  },
  quarantineKeepsNothing: {
    without: "4.13 4.14.6 4.16.7",
    since: "4.17 4.20.4",
    observe: (xen) => {
      const { domain, machine } = makeGuest(unshared(xen));
      populate(domain, g(AT), 0, 1, null);
      machine.iommuPages = 5;
      return [assignDevice(domain, "0000:03:00.0"), machine.iommuPages];
    },
    before: [0, 0],
    after: [0, 5],
  },
  amdFixedDepth: {
    without: "4.7-tip 4.8.5 4.9.4 4.10.4 4.11.3 4.12.1",
    since: "4.8-tip 4.9-tip 4.10-tip 4.11.4 4.12.2 4.13 4.21",
    observe: (xen) => {
      const { domain } = makeGuest(amd(xen));
      assignDevice(domain, "0000:03:00.0");
      const levels = [domain.iommu!.tree.levels];
      grant(domain, BAR, 1);
      for (const gfn of [0x40000, AT]) {
        populate(domain, g(gfn), 0, 1, null);
        levels.push(domain.iommu!.tree.levels);
      }
      return levels;
    },
    before: [2, 3, 3],
    after: [4, 4, 4],
  },
  amdUnmapOnlyLooks: {
    without: "4.7-tip 4.8.5",
    since: "4.8-tip 4.9",
    observe: (xen) => {
      const domain = guest(amd(xen));
      const before = domain.ledger.iommuTables;
      requestUnmap(domain, AT, 0, 1);
      return [domain.ledger.iommuTables - before, domain.ledger.iotlbCommands > 0];
    },
    before: [2, true],
    after: [0, true],
  },
  amdSplitKeepsRights: {
    without: "4.11.0",
    since: "4.17 4.22",
    // 512 read-only frames become one leaf; taking one away splits it.
    observe: (xen) => {
      const domain = guest(amd(xen, { mmioRo: [{ start: BAR, end: BAR + 512 }] }));
      const merged = mapped(domain, AT, BAR, 512).ledger.iommuMerges;
      unmapped(domain, AT + 511, BAR + 511, 1);
      return [merged, flagsOf(rawAt(domain.iommu!.tree, AT + 3), BAR + 3)];
    },
    before: [1, "7000000000000001"],
    after: [1, "3000000000000001"],
  },
  amdDepthByDomainWidth: {
    without: "4.13 4.17.7 4.20.3 4.21.2",
    since: "4.20.4 4.22",
    observe: (xen) => guest(amd(xen, { physBits: 39 })).iommu!.tree.levels,
    before: 4,
    after: 3,
  },
  mmio1gNeedsNoSync: {
    without: "4.12 4.22",
    since: "as-posted",
    // The what-if with the 1 GiB branch on, with tables of the IOMMU's own.
    observe: (xen) => {
      const domain = guest({ ...unshared(xen), mmio1g: true });
      return mmioOrder(domain, AT, BAR, GIB).order;
    },
    before: 18,
    after: 9,
  },
};

describe.each(Object.entries(ROWS))("%s", (_, { without, since, observe, before, after }) => {
  it.each(without.split(" "))("%s does not have it", (xen) => expect(observe(xen)).toEqual(before));
  it.each(since.split(" "))("%s has it", (xen) => expect(observe(xen)).toEqual(after));
});
