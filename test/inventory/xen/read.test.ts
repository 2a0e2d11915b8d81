import { describe, expect, it } from "vitest";
import { detectKind, detectKinds } from "../../../src/inventory/detect.ts";
import { readInputs } from "../../../src/inventory/read.ts";
import { readSysfsTree } from "../../../src/inventory/sysfs.ts";
import type { InputKind } from "../../../src/inventory/types.ts";
import { LSPCI, LSPCI_HEX, RESOURCE, XL_CFG, XL_DMESG, XL_INFO } from "./samples.ts";

describe("detectKind, from content only", () => {
  it.each<[string, InputKind, string]>([
    ["lspci -vvv", "lspci", LSPCI],
    [
      "plain lspci",
      "lspci",
      "3f:00.0 3D controller: Example Corp Blaster 9 (rev 01)\n3f:00.1 Audio device: Example Corp\n",
    ],
    ["lspci -x", "lspci-hex", LSPCI_HEX],
    ["lspci -vvv -xxx", "lspci", `${LSPCI}${LSPCI_HEX.split("\n").slice(1).join("\n")}`],
    ["a resource file", "sysfs", RESOURCE],
    [
      "/proc/iomem",
      "iomem",
      "200000000000-20ffffffffff : PCI Bus 0000:3a\n  202000000000-203001ffffff : PCI Bus 0000:3f\n",
    ],
    ["xl info", "xl-info", XL_INFO],
    ["xl dmesg", "xl-dmesg", XL_DMESG],
    ["xl dmesg without (XEN)", "xl-dmesg", XL_DMESG.replaceAll("(XEN) ", "")],
    ["a guest's lines alone", "xl-dmesg", "(d3) pci dev 03:0 bar 14 size 800000000: 80000000c\n"],
    ["xl.cfg", "xl-cfg", XL_CFG],
    ["one line of xl.cfg", "xl-cfg", "pci=['3f:00.0']"],
    ["grub's defaults", "xen-cmdline", `GRUB_TIMEOUT=5\nGRUB_CMDLINE_XEN="iommu=no-sharept"\n`],
    ["a boot entry", "xen-cmdline", "multiboot2 /xen.gz dom0_mem=1G iommu=verbose"],
    ["Xen's options", "xen-cmdline", "dom0_mem=8G,max:8G iommu=no-sharept,verbose"],
    ["one of Xen's options", "xen-cmdline", "iommu=no-sharept"],
    ["/proc/cmdline", "linux-cmdline", "BOOT_IMAGE=/vmlinuz-6.1 root=/dev/sda1 ro quiet intel_iommu=on iommu=pt"],
    ["dom0's /proc/cmdline", "linux-cmdline", "root=UUID=1 ro console=hvc0 xen-pciback.hide=(3f:00.0)"],
    ["a collect document", "collect", `{"physmap":1,"kind":"collect","missing":[]}`],
    ["a script", "script", `\ufeff\n{ "kind": "script", "physmap": 1, "domains": [] }`],
    ["a snapshot", "snapshot", `{"physmap":1,"kind":"snapshot"}`],
    ["a document that was cut off", "collect", `{"physmap": 1, "kind": "collect", "xlInfo": "host`],
  ])("%s", (_, kind, text) => {
    expect(detectKind(text)).toBe(kind);
    expect(detectKind(text.replaceAll("\n", "\r\n"))).toBe(kind);
  });

  it.each([
    "",
    "\n\n",
    "hello world\nthis is a letter\n",
    "{}",
    `{"physmap":1,"kind":"plan"}`,
    "[1,2]",
    `{"kind":"collect"}`,
    "{ no json",
  ])("nothing in %j", (text) => {
    expect(detectKind(text)).toBeUndefined();
  });

  it("sees every kind in a pasted session", () => {
    expect([...detectKinds(`$ xl info\n${XL_INFO}\n$ lspci\n${LSPCI}\n$ xl dmesg\n${XL_DMESG}`)].sort()).toEqual([
      "lspci",
      "xl-dmesg",
      "xl-info",
    ]);
  });
});

const file = (name: string, text: string, kind?: InputKind) =>
  kind === undefined ? { name, text } : { name, text, kind };

describe("readInputs", () => {
  it("merges the inputs of a report", () => {
    const { devices, host, guest, notes } = readInputs([
      file("a", LSPCI),
      file("b", XL_INFO),
      file("c", XL_DMESG),
      file("d", XL_CFG),
    ]);
    expect(devices.map(({ bdf }) => bdf)).toEqual(["0000:3f:00.0"]);
    expect(host).toMatchObject({
      xenVersion: { value: "4.16.2", from: { file: "c" } },
      virtCaps: { from: { file: "b" } },
      sharedTables: { value: false, from: { file: "b" } },
    });
    expect(guest?.pci).toMatchObject([{ bdf: "0000:3f:00.0", from: { file: "d" } }]);
    expect(notes.filter(({ kind }) => kind === "conflict" || kind === "unread")).toEqual([]);
  });

  it("reads a pasted session as one input", () => {
    const { devices, host, notes } = readInputs([file("-", `$ xl info\n${XL_INFO}\n$ lspci -vvv\n${LSPCI}`)]);
    expect(devices).toHaveLength(1);
    expect(host.xenVersion?.value).toBe("4.16.2");
    expect(notes.filter(({ kind }) => kind === "unread")).toEqual([]);
  });

  it("prefers the boot log to xl info to a file, and names both sources and the winner", () => {
    const { host, notes } = readInputs([
      file("grub", `GRUB_CMDLINE_XEN="iommu=sharept"`),
      file("info", "xen_commandline        : iommu=verbose\nnr_cpus                : 4\n"),
      file("log", "(XEN) Command line: iommu=no-sharept\n(XEN) Brought up 4 CPUs\n"),
    ]);
    expect(host.xenCmdline).toMatchObject({ value: { sharept: false }, from: { file: "log" } });
    expect(notes.filter(({ kind }) => kind === "conflict").map(({ says }) => says)).toEqual([
      "xenCmdline: iommu=no-sharept (log:1), iommu=verbose (info:1); the first is taken",
      "xenCmdline: iommu=no-sharept (log:1), iommu=sharept (grub:1); the first is taken",
    ]);
  });

  it("takes command lines for equal that differ only in blanks and in what boot loaders add", () => {
    const { notes } = readInputs([
      file("log", "(XEN) Command line: placeholder  hap=1   loglvl=all no-real-mode edd=off\n(XEN) x\n"),
      file("grub", `GRUB_CMDLINE_XEN="hap=1 loglvl=all"`),
    ]);
    expect(notes).toEqual([]);
  });

  it("believes virt_caps on sharing, as the log's line is printed before HVM is set up", () => {
    const { host, notes } = readInputs([
      file("log", "(XEN) Intel VT-d Shared EPT tables enabled.\n"),
      file("info", XL_INFO),
    ]);
    expect(host.sharedTables).toMatchObject({ value: false, from: { file: "info" } });
    expect(notes.map(({ kind, says }) => [kind, says])).toEqual([
      ["conflict", "sharedTables: false (info:2), true (log:1); the first is taken"],
    ]);
  });

  it("prefers sysfs to lspci to a hex dump, BAR by BAR", () => {
    const tree = new Map([
      ["0000:3f:00.0/resource", RESOURCE.replace("c8000000 0x00000000c8ffffff", "c6000000 0x00000000c6ffffff")],
    ]);
    const sysfs = readSysfsTree(
      {
        list: (path) => (path === "" ? ["0000:3f:00.0"] : ["resource"]),
        text: (path) => tree.get(path),
        bytes: () => undefined,
        link: () => undefined,
      },
      "sys",
    );
    const hex = LSPCI_HEX.replace("10: 00 00 00 c8", "10: 00 00 00 c4");
    const { devices, notes } = readInputs(
      [file("x.txt", hex), file("l.txt", LSPCI)],
      [{ kind: "sysfs", file: "sys", ...sysfs }],
    );
    const [bar0, bar1] = devices[0]!.bars;
    expect([bar0?.address, bar0?.size, bar1?.size]).toEqual([0xc6000000, 0x1000000, 64 * 2 ** 30]);
    expect(devices[0]?.driver).toBe("vfio-pci");
    const conflicts = notes.filter(({ kind }) => kind === "conflict").map(({ says }) => says);
    expect(conflicts).toHaveLength(2);
    expect(conflicts[0]).toMatch(
      /^0000:3f:00\.0 BAR 0 address: 0xc6000000 \(sys.*\), 0xc8000000 \(l\.txt:\d+\); the first is taken$/,
    );
    expect(conflicts[1]).toMatch(/0xc6000000 \(sys.*\), 0xc4000000 \(x\.txt:\d+\); the first is taken$/);
  });

  it("takes a BAR's size from /proc/iomem where nothing else knows it", () => {
    const iomem = "202000000000-202fffffffff : 0000:3f:00.0\n210000000000-2100000fffff : 0000:40:00.0\n";
    const { devices, notes } = readInputs([file("x", LSPCI_HEX), file("iomem", iomem)]);
    expect(devices[0]?.bars.find(({ index }) => index === 1)).toMatchObject({
      address: 0x202000000000,
      size: 64 * 2 ** 30,
    });
    expect(notes.some(({ kind, says }) => kind === "missing" && says.includes("0000:40:00.0"))).toBe(true);
  });

  it("uses the first of two guest configurations, and says so", () => {
    const { guest, notes } = readInputs([file("a.cfg", XL_CFG), file("b.cfg", XL_CFG)]);
    expect(guest?.memoryMiB?.from.file).toBe("a.cfg");
    expect(notes).toMatchObject([{ kind: "conflict", says: expect.stringMatching(/a\.cfg is used, b\.cfg is not/) }]);
  });

  it.each([
    ["nothing known", "a letter from a friend"],
    ["nothing at all", ""],
    ["a resource file", RESOURCE],
    ["a script", `{"physmap":1,"kind":"script"}`],
    ["a snapshot", `{"physmap":1,"kind":"snapshot"}`],
    ["a broken collect document", `{"physmap":1,"kind":"collect"`],
    ["a collect document of wrong shape", `{"physmap":1,"kind":"collect","missing":[],"xlInfo":5}`],
  ])("names the file that holds %s as unread", (_, text) => {
    const { notes, devices, guest } = readInputs([file("odd.txt", text)]);
    expect(notes).toMatchObject([{ kind: "unread", from: { file: "odd.txt" } }]);
    expect([devices, guest]).toEqual([[], null]);
  });

  it("says what an unknown input was expected to be", () => {
    expect(readInputs([file("odd.txt", "a letter")]).notes[0]?.says).toMatch(/expected lspci -vvv, xl info.*--as KIND/);
  });

  it("follows a forced kind", () => {
    expect(readInputs([file("x", "no-hap", "xen-cmdline")]).host.xenCmdline?.value.hap).toBe(false);
    expect(readInputs([file("x", XL_INFO, "xl-cfg")]).host).toEqual({});
  });
});
