/** Devices that come and go without memory. Expected: what real Xen 4.14.6, 4.17.7 and 4.20.4 did. */
import { describe, expect, it } from "vitest";
import { createDomain, destroyDomain } from "../../src/xen/create.ts";
import { assignDevice, deassignDevice } from "../../src/xen/devices.ts";
import type { DomainSpec } from "../../src/xen/domain.ts";
import { type Machine, makeMachine } from "../../src/xen/machine.ts";
import { makeWorld, runOperation } from "../../src/xen/operations.ts";
import { populate } from "../../src/xen/ram.ts";
import { g } from "./helpers.ts";

const ENODEV = -19;
const ENOMEM = -12;
const EBUSY = -16;
const [FIRST, SECOND] = ["0000:01:00.0", "0000:02:00.0"];

const host = (xen: string, kind: "amdvi" | "vtd", pages = Number.POSITIVE_INFINITY): Machine =>
  makeMachine({ xen, cpu: kind === "vtd" ? "intel" : "amd", options: { sharept: false }, iommuPages: pages });
const guestOf = (machine: Machine, spec: DomainSpec = {}) => createDomain(machine, { poolPages: 1 << 20, ...spec });

describe("assigning a device with so many pages of memory left", () => {
  it.each([
    ["4.14", "amdvi", 0, ENOMEM, 0],
    ["4.14", "amdvi", 4, ENOMEM, 3],
    ["4.14", "vtd", 5, ENOMEM, 0],
    ["4.14", "amdvi", 6, 0, 0],
    // Tables on the way to address 0, as many as there is memory for.
    ["4.14", "vtd", 8, 0, 0],
    ["4.14", "vtd", 12, 0, 3],
    ["4.17", "amdvi", 0, ENOMEM, 0],
    ["4.17", "amdvi", 1, 0, 0],
    ["4.17", "vtd", 0, ENOMEM, 0],
    ["4.20", "vtd", 1, 0, 0],
    ["4.20", "vtd", 2, 0, 1],
  ] as const)("%s %s: of %i pages, result %i, %i left", (xen, kind, pages, result, left) => {
    const machine = host(xen, kind, pages);
    expect(assignDevice(guestOf(machine), FIRST)).toBe(result);
    expect(machine.iommuPages).toBe(left);
  });

  it("4.14 loses a page with each attempt, and gives a device its five once", () => {
    const machine = host("4.14", "amdvi", 3);
    const domain = guestOf(machine);
    const left = [FIRST, FIRST, SECOND, FIRST].map((bdf) => [assignDevice(domain, bdf), machine.iommuPages]);
    expect(left).toEqual([
      [ENOMEM, 2],
      [ENOMEM, 1],
      [ENOMEM, 0],
      [ENOMEM, 0],
    ]);
    machine.iommuPages = 6;
    expect(assignDevice(domain, FIRST)).toBe(0);
    expect(machine.iommuPages).toBe(0);
    expect(deassignDevice(domain, FIRST)).toBe(0);
    expect(assignDevice(domain, FIRST)).toBe(0);
  });

  it("4.14 VT-d walks to address 0 for the root only", () => {
    const machine = host("4.14", "vtd", 6);
    const domain = guestOf(machine);
    expect(assignDevice(domain, FIRST)).toBe(0);
    machine.iommuPages = Number.POSITIVE_INFINITY;
    expect(assignDevice(domain, SECOND)).toBe(0);
    expect(domain.ledger.iommuTables).toBe(0);
  });
});

describe("a device in quarantine", () => {
  it.each(["4.17", "4.20"])("%s VT-d: cannot be put there without memory, but be had from there", (xen) => {
    const machine = host(xen, "vtd");
    const [domain, other] = [guestOf(machine), guestOf(machine, { id: 2 })];
    for (const one of [domain, other]) populate(one, g(0), 0, 1, null);
    expect([assignDevice(domain, FIRST), deassignDevice(domain, FIRST)]).toEqual([0, 0]);
    machine.iommuPages = 0;
    expect(assignDevice(domain, SECOND)).toBe(ENOMEM);
    expect(assignDevice(other, FIRST)).toBe(0);
    expect(deassignDevice(other, FIRST)).toBe(ENOMEM);
    expect(assignDevice(other, FIRST)).toBe(EBUSY);
    machine.iommuPages = 1;
    expect(deassignDevice(other, FIRST)).toBe(0);
    expect(machine.iommuPages).toBe(1);
    expect(deassignDevice(other, FIRST)).toBe(ENODEV);
  });

  it.each(["4.14", "4.17", "4.20"])("%s AMD-Vi: needs no memory to get there", (xen) => {
    const machine = host(xen, "amdvi");
    const domain = guestOf(machine);
    assignDevice(domain, FIRST);
    machine.iommuPages = 0;
    expect([deassignDevice(domain, FIRST), assignDevice(domain, FIRST)]).toEqual([0, 0]);
  });
});

it("is EBUSY for a device that another domain has, until that is destroyed", () => {
  const machine = host("4.17", "vtd");
  const [domain, other] = [guestOf(machine), guestOf(machine, { id: 2 })];
  assignDevice(domain, FIRST);
  expect([assignDevice(other, FIRST), deassignDevice(other, FIRST)]).toEqual([EBUSY, ENODEV]);
  destroyDomain(domain);
  expect(assignDevice(other, FIRST)).toBe(0);
});

it("gives the memory back that a destroyed domain had taken", () => {
  const machine = host("4.17", "vtd");
  const world = makeWorld(machine, [{ id: 1 }, { id: 9, guest: "pv", iommu: "none" }]);
  const assign = { op: "assign_device", domain: 1, device: FIRST } as const;
  const results = [
    { op: "take_memory", domain: 9, leave: 4 } as const,
    { op: "take_memory", domain: 9, leave: 0 } as const,
    assign,
    { op: "destroy", domain: 9 } as const,
    assign,
  ].map((operation) => runOperation(world, operation).result);
  expect(results).toEqual([0, 0, ENOMEM, 0, 0]);
  expect(machine.iommuPages).toBe(Number.POSITIVE_INFINITY);
});
