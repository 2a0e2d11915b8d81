import { describe, expect, it } from "vitest";
import { parseLinuxCmdline, readLinuxCmdline } from "../../../src/inventory/linux-cmdline.ts";
import type { XenCmdline } from "../../../src/inventory/types.ts";
import { parseXenCmdline, readXenCmdline } from "../../../src/inventory/xen-cmdline.ts";

const xen = (text: string): XenCmdline => parseXenCmdline(text).cmdline;
const xenNotes = (text: string) => parseXenCmdline(text).notes;

describe("Xen's command line (host-inputs.md 9)", () => {
  it.each([
    ["iommu=1", { iommu: true }],
    ["iommu=off", { iommu: false }],
    ["iommu=disable,verbose", { iommu: false, iommuVerbose: true }],
    ["no-iommu", { iommu: false }],
    ["iommu=sharept", { sharept: true }],
    ["iommu=no-sharept", { sharept: false }],
    ["iommu=sharept=no", { sharept: false }],
    ["iommu=sharept=1", { sharept: true }],
    ["iommu=no-superpages,no-snoop", { superpages: false, snoop: false }],
    ["iommu=debug", { iommuDebug: true, iommuVerbose: true }],
    ["iommu=verbose iommu=no-sharept", { iommuVerbose: true, sharept: false }],
    ["iommu=no-sharept iommu=sharept", { sharept: true }],
    ["iommu=dom0-passthrough", { dom0Iommu: { passthrough: true, strict: null } }],
    ["iommu=dom0-strict", { dom0Iommu: { strict: true } }],
    ["iommu_inclusive_mapping=1", { dom0Iommu: { mapInclusive: true } }],
    ["dom0-iommu=strict,no-map-reserved", { dom0Iommu: { strict: true, mapReserved: false } }],
    [
      "dom0-iommu=map-inclusive,passthrough=0,none",
      { dom0Iommu: { mapInclusive: true, passthrough: false, none: true } },
    ],
    ["hap=0", { hap: false }],
    ["no-hap", { hap: false }],
    ["hap", { hap: true }],
    ["hap_2mb=0 hap_1gb=no", { hap2mb: false, hap1gb: false }],
    ["ept=no-ad", { eptAd: false }],
    ["ept=exec-sp,no-pml", { eptExecSp: true }],
    ["dom0=pvh", { dom0Pvh: true, dom0Shadow: null }],
    ["dom0=pvh,shadow", { dom0Pvh: true, dom0Shadow: true }],
    ["dom0=pv", { dom0Pvh: false }],
    ["spec-ctrl=no-branch-harden", { branchHarden: false }],
    ["spec-ctrl=no", { branchHarden: false }],
    ["spec-ctrl=yes,branch-harden", { branchHarden: true }],
    ["altp2m=1", { altp2m: true }],
    ["loglvl=all guest_loglvl=all", { loglvlAll: true, guestLoglvlAll: true }],
    ["loglvl=info guest_loglvl=warning/all", { loglvlAll: false, guestLoglvlAll: true }],
    ["guest_loglvl=debug", { guestLoglvlAll: true }],
    ["dom0_mem=8G console=vga sched=credit", { iommu: null, hap: null, sharept: null }],
  ])("%s", (text, expected) => {
    expect(xen(text)).toMatchObject(expected);
    expect(xenNotes(text).filter(({ kind }) => kind === "unread")).toEqual([]);
  });

  it.each([
    ["iommu=dom0-passthrough", "dom0-iommu=passthrough"],
    ["iommu=dom0-strict", "dom0-iommu=strict"],
    ["iommu_inclusive_mapping", "dom0-iommu=map-inclusive"],
  ])("%s is deprecated for %s", (text, instead) => {
    expect(xenNotes(text)).toMatchObject([{ kind: "info", says: expect.stringContaining(instead) }]);
  });

  it.each([
    "force",
    "required",
    "intremap",
    "no-intpost",
    "quarantine=scratch-page",
    "qinval",
    "igfx",
    "crash-disable",
    "amd-iommu-perdev-intremap",
    "workaround_bios_bug",
  ])("knows iommu=%s", (part) => {
    expect(xenNotes(`iommu=${part}`)).toEqual([]);
  });

  it("notes unknown parts and applies the others", () => {
    expect(xen("iommu=bogus,no-sharept").sharept).toBe(false);
    expect(xenNotes("iommu=bogus,no-sharept")).toMatchObject([
      { kind: "unread", says: expect.stringContaining('"bogus"') },
    ]);
    expect(xenNotes("iommu=sharept=maybe")).toMatchObject([{ kind: "unread" }]);
    expect(xenNotes("iommu=no-sharept=1")).toMatchObject([{ kind: "unread" }]);
    expect(xenNotes("hap=perhaps")).toMatchObject([{ kind: "unread" }]);
  });

  it.each([
    ["iommu=strict", "dom0-iommu="],
    ["iommu=pt", "Linux"],
    ["intel_iommu=on", "Linux"],
    ["no-sharept", "iommu=no-sharept"],
    ["sharept=0", "iommu=no-sharept"],
    ["exec-sp", "ept=exec-sp"],
  ])("%s is a trap, and the note says what to write", (text, hint) => {
    expect(xen(text)).toMatchObject({ sharept: null, iommu: null, eptExecSp: null, dom0Iommu: { strict: null } });
    expect(xenNotes(text)).toMatchObject([{ kind: "unread", says: expect.stringContaining(hint) }]);
  });

  it.each([
    [`multiboot2 /xen-4.17-amd64.gz placeholder iommu=no-sharept \${xen_rm_opts}`],
    ["\tmultiboot\t/boot/xen.gz iommu=no-sharept"],
    ["kernel /xen.gz iommu=no-sharept"],
    ["/xen.gz iommu=no-sharept"],
    ["xen.efi iommu=no-sharept"],
    ["options=console=vga iommu=no-sharept"],
    [`GRUB_CMDLINE_XEN="iommu=no-sharept"`],
    [`GRUB_CMDLINE_LINUX="iommu=pt"\n# GRUB_CMDLINE_XEN="hap=0"\nGRUB_CMDLINE_XEN_DEFAULT='iommu=no-sharept'`],
    [`export GRUB_CMDLINE_XEN="dom0_mem=1G \\\niommu=no-sharept"`],
    [`GRUB_CMDLINE_XEN="dom0_mem=1G\n  iommu=no-sharept"\nGRUB_TIMEOUT=5`],
    [`GRUB_CMDLINE_XEN="iommu=no-sharept"\nGRUB_CMDLINE_XEN="$GRUB_CMDLINE_XEN loglvl=all"`],
  ])("finds the options in %j", (text) => {
    expect(xen(text)).toMatchObject({ sharept: false, hap: null });
    expect(xenNotes(text)).toEqual([]);
  });

  it("appends GRUB_CMDLINE_XEN_DEFAULT to GRUB_CMDLINE_XEN", () => {
    const text = `GRUB_CMDLINE_XEN_DEFAULT="iommu=sharept"\nGRUB_CMDLINE_XEN="iommu=no-sharept"`;
    expect(xen(text).sharept).toBe(true);
  });

  it("takes the first of several boot entries, and says so", () => {
    const text =
      "multiboot2 /xen.gz iommu=no-sharept\nmodule2 /vmlinuz root=/dev/sda1\nmultiboot2 /xen-4.11.gz iommu=off";
    expect(xen(text)).toMatchObject({ sharept: false, iommu: null });
    expect(xenNotes(text)).toMatchObject([{ kind: "assumed", says: expect.stringContaining("line 3") }]);
  });

  it("keeps the text and where it stood", () => {
    const { host } = readXenCmdline(`# comment\nGRUB_CMDLINE_XEN="hap=0"`, "grub");
    expect(host.xenCmdline).toMatchObject({ value: { text: "hap=0" }, from: { file: "grub", line: 2 } });
  });

  it("takes prototype names as unknown options", () => {
    expect(xen("__proto__=1 constructor iommu=__proto__ toString=0")).toEqual({
      ...xen(""),
      text: "__proto__=1 constructor iommu=__proto__ toString=0",
    });
  });

  it("bounds a variable that doubles itself", () => {
    const text = `GRUB_CMDLINE_XEN="hap=0"\n${`GRUB_CMDLINE_XEN="$GRUB_CMDLINE_XEN $GRUB_CMDLINE_XEN"\n`.repeat(64)}`;
    expect(xen(text).text.length).toBeLessThanOrEqual(2 ** 16);
    expect(xen(text).hap).toBe(false);
  });
});

describe("Linux's command line (host-inputs.md 5)", () => {
  const linux = (text: string) => parseLinuxCmdline(text).cmdline;

  it("reads what bears on passthrough", () => {
    const text = `BOOT_IMAGE=/vmlinuz root=/dev/sda1 intel_iommu=on,sm_on,igfx_off iommu=pt iommu.strict=0 vfio-pci.ids=10de:1b38,1af4:beef:1af4:0001 pci=realloc,noats x="a b iommu=nopt" kvm-intel.ept=1`;
    expect(linux(text)).toMatchObject({
      intelIommu: ["on", "sm_on", "igfx_off"],
      iommu: ["pt"],
      passthrough: true,
      strict: false,
      ept: true,
      pci: ["realloc", "noats"],
      vfioIds: [
        { vendor: 0x10de, device: 0x1b38, subsystem: null },
        { vendor: 0x1af4, device: 0xbeef, subsystem: { vendor: 0x1af4, device: 1 } },
      ],
    });
  });

  it.each([
    ["iommu=nopt", false],
    ["iommu.passthrough=1", true],
    ["quiet", null],
  ])("%s: passthrough %s", (text, expected) => {
    expect(linux(text).passthrough).toBe(expected);
  });

  it.each(["xen-pciback.hide", "pciback.hide", "xen_pciback.hide"])("reads %s", (key) => {
    const { cmdline, kvm, notes } = parseLinuxCmdline(`root=/ ${key}=(0000:3f:00.0)(3F:00.1)(bad)`);
    expect(cmdline.pcibackHide).toEqual(["0000:3f:00.0", "0000:3f:00.1"]);
    expect(kvm).toBe(false);
    expect(notes).toMatchObject([{ kind: "unread", says: expect.stringContaining('"bad"') }]);
  });

  it.each([
    ["vfio-pci.ids=10de:1b38", true],
    ["kvm.nx_huge_pages=off", true],
    ["intel_iommu=on", null],
  ])("%s: KVM host %s", (text, expected) => {
    expect(parseLinuxCmdline(text).kvm).toBe(expected);
  });

  it("reads grub's defaults and boot entries", () => {
    const grub = `GRUB_CMDLINE_XEN="iommu=no-sharept"\nGRUB_CMDLINE_LINUX="iommu=pt"\n`;
    expect(readLinuxCmdline(grub, "grub").host.linuxCmdline).toMatchObject({
      value: { text: "iommu=pt", passthrough: true },
      from: { file: "grub", line: 2 },
    });
    expect(linux("multiboot2 /xen.gz iommu=off\nmodule2 /vmlinuz-6.1 root=/dev/sda1 iommu=nopt").passthrough).toBe(
      false,
    );
  });

  it("notes ids that are none", () => {
    expect(parseLinuxCmdline("vfio-pci.ids=10de").notes).toMatchObject([{ kind: "unread" }]);
  });
});
