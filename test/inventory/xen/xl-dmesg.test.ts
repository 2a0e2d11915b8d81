import { describe, expect, it } from "vitest";
import { stripLogPrefix } from "../../../src/inventory/log-prefix.ts";
import { readXlDmesg } from "../../../src/inventory/xl-dmesg.ts";

const STAMPS = ["", "[  812.100200] ", "[2024-05-01 12:00:00] ", "[2024-05-01 12:00:00.123] ", "[00000012abcdef01] "];
const host = (...messages: string[]) => readXlDmesg(messages.map((m) => `(XEN) ${m}`).join("\n"), "log").host;

describe("xl dmesg prefixes", () => {
  it.each(STAMPS)("strips (XEN) and the time stamp %j", (stamp) => {
    const text = "HVM: HAP page sizes: 4kB, 2MB";
    expect(stripLogPrefix(`(XEN) ${stamp}${text}`)).toEqual({ text, hypervisor: true, domain: null });
    expect(stripLogPrefix(`${stamp}${text}`)).toEqual({ text, hypervisor: false, domain: null });
    expect(stripLogPrefix(`${stamp}(XEN) ${text}`)).toEqual({ text, hypervisor: true, domain: null });
    expect(stripLogPrefix(`(d12) ${stamp}${text}`)).toEqual({ text, hypervisor: false, domain: 12 });
    expect(stripLogPrefix(`(XEN) ${stamp}HVM12: ${text}`)).toEqual({ text, hypervisor: true, domain: 12 });
  });

  it("strips a logger's own prefix", () => {
    const line = "May  1 12:00:00 host xen: (XEN) [    1.5] I/O virtualisation enabled";
    expect(stripLogPrefix(line).text).toBe("I/O virtualisation enabled");
  });

  it("lets a guest not speak for the hypervisor", () => {
    const { host: facts } = readXlDmesg("(d3) (XEN) I/O virtualisation disabled\n(d3) memory_map:add: d1", "log");
    expect(facts).toEqual({});
  });
});

describe("xl dmesg lines (host-inputs.md 7)", () => {
  it.each(STAMPS)("reads all facts of an Intel boot, stamped %j", (stamp) => {
    const lines = [
      "Xen version 4.17.3 (root@example) (gcc (Debian 12.2.0) 12.2.0) debug=n Mon May  1",
      "Command line: iommu=verbose hap_1gb=0",
      "Intel VT-d iommu 0 supported page sizes: 4kB, 2MB, 1GB",
      "Intel VT-d iommu 1 supported page sizes: 4kB, 2MB.",
      "Intel VT-d Snoop Control not enabled.",
      "Intel VT-d Dom0 DMA Passthrough not enabled.",
      "Intel VT-d Queued Invalidation enabled.",
      "Intel VT-d Interrupt Remapping enabled.",
      "Intel VT-d Posted Interrupt not enabled.",
      "Intel VT-d Shared EPT tables enabled.",
      "I/O virtualisation enabled",
      " - Dom0 mode: Relaxed",
      "Interrupt remapping enabled",
      "VMX: EPT executable superpages disabled",
      "HVM: Hardware Assisted Paging (HAP) detected",
      "HVM: HAP page sizes: 4kB, 2MB, 1GB [disabled]",
    ];
    const { host: facts, notes } = readXlDmesg(lines.map((line) => `(XEN) ${stamp}${line}`).join("\r\n"), "log");
    expect(notes).toEqual([]);
    expect(facts).toMatchObject({
      xenVersion: { value: "4.17.3", from: { file: "log", line: 1 } },
      debugBuild: { value: false },
      xenCmdline: { value: { iommuVerbose: true, hap1gb: false } },
      cpu: { value: "intel" },
      vtdUnits: {
        value: [
          { index: 0, has2m: true, has1g: true },
          { index: 1, has2m: true, has1g: false },
        ],
        from: { line: 3 },
      },
      snoopControl: { value: false },
      sharedTables: { value: true },
      iommuEnabled: { value: true },
      dom0Mode: { value: "relaxed" },
      execSuperpages: { value: false },
      hapDetected: { value: true },
      hap2m: { value: true },
      hap1g: { value: false },
    });
  });

  it("reads an AMD boot: always own tables", () => {
    const facts = host("AMD-Vi: IOMMU Extended Features:", "AMD-Vi: Disabled HAP memory map sharing with IOMMU");
    expect(facts).toMatchObject({ cpu: { value: "amd" }, sharedTables: { value: false } });
    expect(host("SVM: Supported advanced features:").cpu?.value).toBe("amd");
    expect(host("VMX: Supported advanced features:").cpu?.value).toBe("intel");
  });

  it.each([
    ["HVM: Hardware Assisted Paging (HAP) detected", true],
    ["HVM: Hardware Assisted Paging (HAP) detected but disabled", false],
    ["HVM: Hardware Assisted Paging (HAP) not detected", false],
  ])("%s", (line, expected) => {
    expect(host(line).hapDetected?.value).toBe(expected);
  });

  it.each([
    ["4kB", false, false],
    ["4kB, 2MB", true, false],
    ["4kB, 2MB [disabled]", false, false],
    ["4kB, 2MB [disabled], 1GB", false, true],
    ["4kB, 2MB, 1GB", true, true],
  ])("HAP page sizes: %s", (sizes, has2m, has1g) => {
    const facts = host(`HVM: HAP page sizes: ${sizes}`);
    expect([facts.hap2m?.value, facts.hap1g?.value]).toEqual([has2m, has1g]);
  });

  it("leaves what the ring has lost unknown", () => {
    const facts = host("Intel VT-d Shared EPT tables not enabled.");
    expect(facts.sharedTables?.value).toBe(false);
    expect(facts.hapDetected).toBeUndefined();
    expect(facts.xenVersion).toBeUndefined();
    expect(readXlDmesg("", "log")).toEqual({ host: {}, notes: [] });
  });

  it("takes sharing back when HAP turns out missing", () => {
    const text =
      "(XEN) Intel VT-d Shared EPT tables enabled.\n(XEN) HVM: Hardware Assisted Paging (HAP) detected but disabled";
    const { host: facts, notes } = readXlDmesg(text, "log");
    expect(facts.sharedTables).toEqual({ value: false, from: { file: "log", line: 2 } });
    expect(notes.some(({ says }) => says.includes("clears sharing"))).toBe(true);
  });

  it("reads page sizes printed piecewise", () => {
    const text = "(XEN) Intel VT-d iommu 0 supported page sizes: 4kB\n, 2MB\n, 1GB.\n(XEN) I/O virtualisation enabled";
    const { host: facts } = readXlDmesg(text, "log");
    expect(facts.vtdUnits?.value).toEqual([{ index: 0, has2m: true, has1g: true }]);
    expect(facts.iommuEnabled?.value).toBe(true);
  });

  it("does not take dom0's own command line for Xen's", () => {
    const text = "[    0.000000] Command line: root=/dev/sda1 iommu=pt\n(XEN) Command line: iommu=no-sharept";
    expect(readXlDmesg(text, "log").host.xenCmdline?.value.text).toBe("iommu=no-sharept");
  });

  it("joins a wrapped command line of a marked log, over several lines", () => {
    const text =
      "(XEN) Command line: dom0_mem=8192M,max:8192M dom0_max_vcpus=8 console=vga,com1\nloglvl=all guest_loglvl=all com1=115200,8n1,pci sched=credit2 x2apic\nhap_2mb=0\n(XEN) I/O virtualisation enabled";
    const { host: facts } = readXlDmesg(text, "log");
    expect(facts.xenCmdline?.value).toMatchObject({ guestLoglvlAll: true, hap2mb: false });
    expect(facts.iommuEnabled?.value).toBe(true);
  });

  it("reads the last of several boots", () => {
    const boot = (version: string, mode: string) => [
      `Xen version ${version} (x) debug=y`,
      `I/O virtualisation ${mode}`,
    ];
    const facts = host(
      ...boot("4.11.4", "disabled"),
      "Intel VT-d Shared EPT tables enabled.",
      ...boot("4.17.3", "enabled"),
    );
    expect(facts).toMatchObject({
      xenVersion: { value: "4.17.3" },
      iommuEnabled: { value: true },
      debugBuild: { value: true },
    });
    expect(facts.sharedTables).toBeUndefined();
  });

  it("notes a relevant line that was cut", () => {
    const { notes } = readXlDmesg("(XEN) Intel VT-d Shared EPT tab...\n(XEN) Brought up 64 CPUs", "log");
    expect(notes).toMatchObject([{ kind: "unread", from: { file: "log", line: 1 } }]);
  });
});

describe("xl dmesg: memory_map lines (xen-mapping.md 2.3)", () => {
  it("counts both spellings of the domain, removals and failures, and leaves none unread", () => {
    const lines = [
      "memory_map:add: dom5 gfn=1000000 mfn=202000000 nr=1000000",
      "memory_map:add: d3 gfn=1008000 mfn=202008000 nr=ff8000",
      "memory_map:remove: d3 gfn=1000000 mfn=202000000 nr=40",
      "memory_map:fail: d3 gfn=1000000 mfn=202000000 nr=40 ret:-16",
      "memory_map: error -22 removing dom3 access to [202000000,20200003f]",
    ];
    const { host: facts, notes } = readXlDmesg(lines.map((l) => `(XEN) [  812.100200] ${l}`).join("\n"), "log");
    expect(facts.memoryMapLines?.value).toBe(5);
    expect(notes.map(({ kind }) => kind)).toEqual(["info"]);
  });
});

describe("xl dmesg: hvmloader's lines (guest-mmio-layout.md 2.5)", () => {
  const bars = (line: string) => readXlDmesg(line, "log").host.observedBars;

  it.each([
    ["64-bit prefetchable: low 4 bits off", "14", "800000000: 80000000c", 0x14, 0x800000000, 0x800000000],
    ["64-bit", "18", "002000000: 1000000004", 0x18, 0x2000000, 0x1000000000],
    ["32-bit prefetchable", "10", "001000000: 0f0000008", 0x10, 0x1000000, 0xf0000000],
    ["I/O: low 2 bits off", "14", "000000100: 00000c001", 0x14, 0x100, 0xc000],
    ["ROM", "30", "000080000: 0f3000001", 0x30, 0x80000, 0xf3000000],
  ])("%s", (_, bar, rest, register, size, address) => {
    expect(bars(`(d12) pci dev 03:0 bar ${bar} size ${rest}`)).toEqual([
      { domain: 12, device: 3, function: 0, register, size, address, from: { file: "log", line: 1 } },
    ]);
  });

  it("reads device and function in hexadecimal, and the old guest prefix", () => {
    expect(bars("(XEN) HVM12: pci dev 1f:7 bar 10 size 001000000: 0f0000000")).toMatchObject([
      { domain: 12, device: 0x1f, function: 7 },
    ]);
  });

  it("notes a bar line that is cut, and one without a guest", () => {
    expect(readXlDmesg("(d2) pci dev 03:0 bar 14 size 8000...", "log").notes).toMatchObject([{ kind: "unread" }]);
    const { host: facts, notes } = readXlDmesg("pci dev 03:0 bar 14 size 800000000: 80000000c", "log");
    expect(facts.observedBars).toMatchObject([{ domain: 0, address: 0x800000000 }]);
    expect(notes).toMatchObject([{ kind: "assumed" }]);
  });
});
