import { describe, expect, it } from "vitest";
import { symbolOffset } from "../../rig/fetch-xen.ts";
import { q35Pieces } from "../../rig/ram.ts";
import type { RigHypervisor } from "../../rig/script.ts";
import { bootKey, rigDevices, targetOf } from "../../rig/target.ts";

const AMD: RigHypervisor = { xen: "4.17", cpu: "amd" };

describe("targetOf", () => {
  it.each<[RigHypervisor, string, string, string | null, string]>([
    [AMD, "qemu", "npt", "amdvi", "pv"],
    [{ ...AMD, iommu: "vtd" }, "qemu", "npt", "vtd", "pv"],
    [{ ...AMD, iommu: null }, "qemu", "npt", null, "pv"],
    [{ ...AMD, cmdline: "iommu=verbose dom0=verbose,pvh" }, "qemu", "npt", "amdvi", "pvh"],
    [{ xen: "4.20", cpu: "intel" }, "bochs", "ept", null, "pv"],
    [{ xen: "4.14", cpu: "intel", iommu: "vtd" }, "qemu", "npt", "vtd", "pv"],
  ])("boots %o", (hypervisor, emulator, p2mFormat, iommuFormat, dom0) => {
    expect(targetOf(hypervisor)).toMatchObject({ emulator, p2mFormat, iommuFormat, dom0 });
  });

  it("refuses what the emulators cannot show", () => {
    expect(() => targetOf({ xen: "4.11", cpu: "amd" })).toThrow(/no Xen 4\.11/);
  });

  it("names an AMD processor Intel's where the release goes by the name to look for VT-d", () => {
    const of = (xen: string) => targetOf({ xen, cpu: "amd", iommu: "vtd" });
    expect(of("4.14")).toMatchObject({ cpu: "amd", vendor: "intel", p2mFormat: "npt", iommuFormat: "vtd" });
    expect(of("4.14").processor[1]).toContain("vendor=GenuineIntel,+svm,+npt");
    expect(of("4.17")).toMatchObject({ cpu: "amd", vendor: "amd" });
    expect(of("4.17").processor[1]).not.toContain("vendor");
  });

  it("appends the script's command line, so that it wins", () => {
    expect(targetOf({ ...AMD, cmdline: "iommu=no-superpages" }).cmdline).toMatch(
      /iommu=verbose.* iommu=no-superpages$/,
    );
    // rig.md 2: VT-d beside an AMD processor needs tables of its own.
    expect(targetOf({ ...AMD, iommu: "vtd" }).cmdline).toContain("iommu=no-sharept");
    expect(targetOf({ xen: "4.17", cpu: "intel" }).cmdline).toContain("xpti=no");
  });

  it("shares a boot only between scripts that agree on everything", () => {
    const key = (hypervisor: RigHypervisor): string => bootKey(targetOf(hypervisor));
    expect(key(AMD)).toBe(key({ ...AMD, xen: "4.17.7" }));
    const others = [{ xen: "4.14" }, { iommu: null }, { cmdline: "hap_1gb=0" }, { physBits: 40 }];
    expect(new Set([AMD, ...others.map((o) => ({ ...AMD, ...o }))].map(key)).size).toBe(5);
  });

  it("adds devices only when a script assigns one", () => {
    const target = targetOf(AMD);
    expect(rigDevices(target, [{ hypervisor: AMD, domains: [], operations: [] }])).toEqual([]);
    const devices = rigDevices(target, [
      { hypervisor: AMD, domains: [], operations: [{ op: "assign_device", domain: 1 }] },
    ]);
    expect(devices[0]).toEqual({ argument: "pci-testdev,addr=0x8", sbdf: 0x40 });
    expect(new Set(devices.map((device) => device.sbdf)).size).toBe(devices.length);
  });
});

describe("q35Pieces", () => {
  it("moves memory beyond 2 GiB above 4 GiB once there are 2.75 GiB (rig.md 2)", () => {
    expect(q35Pieces(2048)).toEqual([{ start: 0, pages: 0x80000, at: 0 }]);
    expect(q35Pieces(6144)).toEqual([
      { start: 0, pages: 0x80000, at: 0 },
      { start: 0x100000, pages: 0x100000, at: 0x80000 },
    ]);
  });
});

describe("symbolOffset", () => {
  const nm = "ffff82d04057b380 B domain_list\nffff82d040463600 D xen_phys_start\n";
  it("reads nm's output", () => {
    expect(symbolOffset(nm, "xen_phys_start")).toBe(0x463600);
    expect(() => symbolOffset(nm, "list")).toThrow(/lack list/);
  });
});
