import { describe, expect, it } from "vitest";
import { createDomain } from "../../src/xen/create.ts";
import { assignDevice } from "../../src/xen/devices.ts";
import type { DomainSpec } from "../../src/xen/domain.ts";
import { type MachineSpec, makeMachine } from "../../src/xen/machine.ts";
import { unverifiedFor } from "../../src/xen/unverified.ts";

const codes = (machine: MachineSpec, spec: DomainSpec = {}) => {
  const domain = createDomain(makeMachine(machine), spec);
  if (spec.iommu !== "none") assignDevice(domain, "0000:03:00.0");
  return unverifiedFor(domain).map(({ code }) => code);
};

describe("unverified statements", () => {
  it("are those that bear on the domain", () => {
    expect(codes({ xen: "4.17" }, { iommu: "none" })).toEqual(["taking-ram-away"]);
    expect(codes({ xen: "4.17" })).toEqual(["taking-ram-away", "left-behind"]);
    expect(codes({ xen: "4.17" }, { hap: false })).toContain("shadow-memory-type");
    expect(codes({ xen: "4.11", cpu: "amd" })).toEqual([
      "taking-ram-away",
      "left-behind",
      "ram-list-order",
      "amd-unmap-tables",
    ]);
    expect(codes({ xen: "4.19.6" })).toContain("revocation-since");
    expect(codes({ xen: "4.20.4" })).not.toContain("revocation-since");
    expect(codes({ xen: "4.8", cpu: "amd" })).not.toContain("amd-unmap-tables");
    expect(codes({ xen: "4.12", cpu: "amd" })).toEqual(["taking-ram-away", "left-behind"]);
    expect(codes({ xen: "4.22", cpu: "amd", physBits: 39 })).toContain("beyond-fixed-depth");
    expect(codes({ xen: "4.22", cpu: "amd" })).not.toContain("beyond-fixed-depth");
    const pv = { guest: "pv", hardwareDomain: true } as const;
    expect(codes({ xen: "4.17", cpu: "amd" }, pv)).toEqual(["left-behind", "amd-pv-depth"]);
    expect(codes({ xen: "4.22", cpu: "amd" }, pv)).toEqual(["left-behind"]);
  });

  it("tell of the memory that devices take where it is short, but for releases that were seen", () => {
    const short = (xen: string) => codes({ xen, iommuPages: 100, options: { sharept: false } });
    expect(short("4.19")).toContain("memory-for-device");
    for (const xen of ["4.14", "4.17", "4.20.4"]) expect(short(xen)).not.toContain("memory-for-device");
    expect(codes({ xen: "4.19" })).not.toContain("memory-for-device");
  });

  it("say what is assumed and where that stands", () => {
    const [first] = unverifiedFor(createDomain(makeMachine({ xen: "4.17" }), { hap: false }));
    expect(first).toEqual({ code: "shadow-memory-type", says: expect.stringMatching(/\.$/), where: "9" });
  });
});
