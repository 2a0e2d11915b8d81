import { describe, expect, it } from "vitest";
import { readLspci } from "../../../src/inventory/lspci.ts";
import type { Bar, PciDevice } from "../../../src/inventory/types.ts";
import { BLASTER, BLASTER_SRIOV, GIB, HEAD, MIB } from "../fixtures-pci/blaster.ts";

const one = (text: string): PciDevice => {
  const { devices } = readLspci(text, "f");
  expect(devices).toHaveLength(1);
  return devices[0]!;
};
const bar = (line: string): Bar | undefined => one(`${HEAD}\n\t${line}\n`).bars[0];
const kinds = (text: string): readonly string[] => readLspci(text, "f").notes.map((n) => n.kind);

describe("a block of lspci -vvvnn", () => {
  it("is read in full", () => {
    const { devices, notes } = readLspci(BLASTER, "lspci.txt");
    expect(notes).toEqual([]);
    const from = (line: number) => ({ file: "lspci.txt", line });
    expect(devices).toEqual([
      {
        bdf: "0000:3f:00.0",
        classCode: 0x0302,
        vendorId: 0x1af4,
        deviceId: 0xbeef,
        name: "Example Corp Blaster 9",
        bridge: false,
        bars: [
          {
            index: 0,
            kind: "memory",
            address: 0xc8000000,
            size: 16 * MIB,
            width: 32,
            prefetchable: false,
            from: from(6),
          },
          {
            index: 1,
            kind: "memory",
            address: 0x202000000000,
            size: 64 * GIB,
            width: 64,
            prefetchable: true,
            from: from(7),
          },
          {
            index: 3,
            kind: "memory",
            address: 0x203000000000,
            size: 32 * MIB,
            width: 64,
            prefetchable: true,
            from: from(8),
          },
          {
            index: 6,
            kind: "rom",
            address: 0xc9000000,
            size: 512 * 1024,
            width: 32,
            prefetchable: false,
            disabled: true,
            from: from(9),
          },
        ],
        msix: { vectors: 9, table: { bar: 0, offset: 0xb90000 }, pba: { bar: 0, offset: 0xba0000 }, enabled: false },
        resizable: [{ bar: 1, current: 64 * GIB, supported: [...Array(11).keys()].map((n) => 64 * MIB * 2 ** n) }],
        sriov: null,
        driver: "vfio-pci",
        numaNode: 1,
        iommuGroup: 27,
        memoryDecode: true,
        virtualFunction: false,
        from: from(1),
      },
    ]);
  });

  it("two-tab VF Region lines do not overwrite the function's own regions", () => {
    const device = one(BLASTER_SRIOV);
    expect(device.bars).toEqual(one(BLASTER).bars);
    expect(device.sriov).toMatchObject({
      totalVfs: 16,
      numVfs: 4,
      firstVfOffset: 2,
      vfStride: 1,
      vfDeviceId: 0xbeee,
      systemPageSize: 4096,
      bars: [{ index: 0, address: 0x203040000000, size: null, width: 64, prefetchable: true }],
    });
    expect(device.driver).toBe("vfio-pci");
  });

  it("VF slice size comes from a VF's own block, which lspci prints as [virtual]", () => {
    const vf = `3f:00.2 3D controller [0302]: Example [1af4:beee]\n\tRegion 0: Memory at 203040000000 (64-bit, prefetchable) [virtual] [size=2M]\n`;
    const { devices } = readLspci(`${BLASTER_SRIOV}\n${vf}`, "f");
    expect(devices[0]?.sriov?.bars[0]?.size).toBe(2 * MIB);
    expect(devices.map((d) => d.virtualFunction)).toEqual([false, true]);
  });

  it("VF slice size comes from a Virtual Resizable BAR, which is not the function's own", () => {
    const text = BLASTER_SRIOV.replace(
      "\tKernel driver",
      "\tCapabilities: [200 v1] Virtual Resizable BAR\n\t\tBAR 0: current size: 16MB, supported: 16MB 32MB\n\tKernel driver",
    );
    expect(one(text).sriov?.bars[0]?.size).toBe(16 * MIB);
    expect(one(text).resizable.map((r) => r.bar)).toEqual([1]);
  });
});

describe("head lines", () => {
  const head = (text: string) => {
    const { bdf, classCode, vendorId, deviceId, name, bridge } = one(`${text}\n`);
    return { bdf, classCode, vendorId, deviceId, name, bridge };
  };

  it("names with brackets and colons: last [xxxx:xxxx] before (rev, first [xxxx]: for the class", () => {
    expect(
      head(
        "3f:00.0 VGA compatible controller [0300]: A: B [C] [dead:beef] X [1234] [1af4:0102] (rev a1) (prog-if 00 [VGA [ab12:cd34]])",
      ),
    ).toEqual({
      bdf: "0000:3f:00.0",
      classCode: 0x0300,
      vendorId: 0x1af4,
      deviceId: 0x0102,
      name: "A: B [C] [dead:beef] X [1234]",
      bridge: false,
    });
  });

  it("numbers only (-n), also as old pciutils print them", () => {
    const expected = {
      bdf: "0000:82:00.0",
      classCode: 0x0302,
      vendorId: 0x10de,
      deviceId: 0x1b38,
      name: "",
      bridge: false,
    };
    expect(head("82:00.0 0302: 10de:1b38 (rev a1)")).toEqual(expected);
    expect(head("82:00.0 Class 0302: 10de:1b38")).toEqual(expected);
  });

  it("names only: the class name decides whether it is a bridge", () => {
    expect(head("82:00.0 3D controller: Example GP: 102 (rev a1)")).toMatchObject({
      classCode: null,
      name: "Example GP: 102",
    });
    expect(head("00:1c.0 PCI bridge: Example Root (prog-if 00 [Normal decode])")).toMatchObject({
      classCode: 0x0604,
      name: "Example Root",
      bridge: true,
    });
    expect(head("00:00.0 Host bridge: Example")).toMatchObject({ bridge: true });
    expect(head("05:00.0 Bridge: Example Switch")).toMatchObject({ classCode: 0x0680, bridge: false });
  });

  it("longer domains", () => {
    expect(head("10000:e1:00.0 Non-Volatile memory controller [0108]: E [1af4:0001]").bdf).toBe("10000:e1:00.0");
  });

  it("a name cut with ... has no ids, and a note says so", () => {
    const text = "3f:00.0 3D controller [0302]: Example Corp with a very long na...\n";
    expect(one(text)).toMatchObject({ classCode: 0x0302, vendorId: null, deviceId: null });
    expect(kinds(text)).toEqual(["missing"]);
  });

  it("prototype keys as names are only names", () => {
    expect(head("3f:00.0 __proto__: constructor")).toMatchObject({ name: "constructor", classCode: null });
    expect(one(`${HEAD}\n\tKernel driver in use: __proto__\n`).driver).toBe("__proto__");
  });

  it("Bus: primary= and root ports are bridges; endpoints are not", () => {
    const block = (line: string) => one(`00:01.0 Bridge [0680]: E [1af4:0001]\n\t${line}\n`).bridge;
    expect(block("Bus: primary=00, secondary=01, subordinate=01, sec-latency=0")).toBe(true);
    expect(block("Capabilities: [60] Express (v2) Root Port (Slot+), IntMsgNum 0")).toBe(true);
    expect(block("Capabilities: [60] Express (v2) Endpoint, IntMsgNum 0")).toBe(false);
    expect(block("Capabilities: [60] Express (v2) Root Complex Integrated Endpoint, IntMsgNum 0")).toBe(false);
  });

  it("machine-readable lspci (-mm) is named, not guessed at", () => {
    const { devices, notes } = readLspci('3f:00.0 "3D controller" "E" "B" "" ""\n', "f");
    expect(devices).toEqual([]);
    expect(notes[0]).toMatchObject({ kind: "unread", from: { file: "f", line: 1 } });
  });
});

describe("region lines", () => {
  it("[virtual] before the kind (old pciutils) and after the width", () => {
    const expected = { index: 1, kind: "memory", address: 0x203040000000, size: 2 * MIB, width: 64, virtual: true };
    expect(bar("Region 1: [virtual] Memory at 203040000000 (64-bit, prefetchable) [size=2M]")).toMatchObject(expected);
    expect(bar("Region 1: Memory at 203040000000 (64-bit, prefetchable) [virtual] [size=2M]")).toMatchObject(expected);
  });

  it("a boot VGA's [virtual] ROM does not make it a virtual function", () => {
    const device = one(`${HEAD}\n\tExpansion ROM at 000c0000 [virtual] [disabled] [size=128K]\n`);
    expect(device).toMatchObject({ virtualFunction: false, bars: [{ index: 6, address: 0xc0000, virtual: true }] });
  });

  it("region numbers above 5 are noted and left out", () => {
    expect(bar("Region 6: Memory at c8000000 (32-bit, non-prefetchable) [size=16M]")).toBeUndefined();
    expect(kinds(`${HEAD}\n\tRegion 12: I/O ports at 6000 [size=128]\n`)).toEqual(["unread"]);
  });

  it("[size=1032M] and sizes in bytes", () => {
    expect(bar("Region 0: Memory at c8000000 (32-bit, non-prefetchable) [size=1032M]")?.size).toBe(1032 * MIB);
    expect(bar("Region 0: Memory at c8000000 (32-bit, non-prefetchable) [size=2000]")?.size).toBe(2000);
    expect(bar("Region 0: Memory at c8000000 (32-bit, non-prefetchable)")?.size).toBeNull();
  });

  it.each([
    ["<unassigned>", "unassigned"],
    ["<ignored>", "ignored"],
    ["<broken-64-bit-slot>", "broken"],
    ["&lt;unassigned&gt;", "unassigned"],
    ["00000000", "zero"],
  ])("%s has no address", (address, state) => {
    expect(bar(`Region 2: Memory at ${address} (64-bit, prefetchable) [size=64M]`)).toMatchObject({
      index: 2,
      address: null,
      state,
      size: 64 * MIB,
    });
  });

  it("low-1M and type 3 are 32 bits wide; type 3 is noted", () => {
    const line = (width: string) => `Region 0: Memory at 000c0000 (${width}, non-prefetchable) [size=16K]`;
    expect(bar(line("low-1M"))).toMatchObject({ width: 32, address: 0xc0000 });
    expect(bar(line("type 3"))).toMatchObject({ width: 32 });
    expect(kinds(`${HEAD}\n\t${line("low-1M")}\n`)).not.toContain("unread");
    expect(kinds(`${HEAD}\n\t${line("type 3")}\n`)).toContain("unread");
  });

  it("a 32-bit BAR may have an address above 4 GiB", () => {
    expect(bar("Region 0: Memory at 8040000000 (32-bit, non-prefetchable) [size=1M]")?.address).toBe(0x8040000000);
  });

  it("[disabled], [enhanced], I/O ports and the ROM's [disabled by cmd]", () => {
    expect(bar("Region 0: Memory at c8000000 (32-bit, non-prefetchable) [disabled] [size=16M]")).toMatchObject({
      address: 0xc8000000,
      disabled: true,
    });
    expect(bar("Region 0: Memory at c8000000 (32-bit, non-prefetchable) [enhanced] [size=16M]")?.enhanced).toBe(true);
    expect(bar("Region 5: I/O ports at 6000 [disabled] [size=128]")).toMatchObject({
      index: 5,
      kind: "io",
      address: 0x6000,
      size: 128,
    });
    expect(bar("Expansion ROM at c9000000 [virtual] [disabled by cmd] [size=512K]")).toMatchObject({
      index: 6,
      kind: "rom",
      disabled: true,
      virtual: true,
    });
    expect(bar("Expansion ROM at <ignored> [disabled]")).toMatchObject({ index: 6, address: null, state: "ignored" });
  });

  it("an address beyond 52 bits, one eaten by a web form, and a cut size are noted and stop nothing", () => {
    for (const line of [
      "Region 0: Memory at fff0000000000000 (64-bit, prefetchable) [size=1G]",
      "Region 0: Memory at  (64-bit, prefetchable) [size=1G]",
    ]) {
      expect(bar(line)).toMatchObject({ address: null, size: GIB });
      expect(kinds(`${HEAD}\n\t${line}\n`)).toContain("unread");
    }
    expect(bar("Region 0: Memory at c8000000 (32-bit, non-prefetchable) [size=1")).toMatchObject({
      address: 0xc8000000,
      size: null,
    });
  });

  it("a line cut before its width is noted with its place", () => {
    const { devices, notes } = readLspci(
      `${HEAD}\n\tRegion 0: Memory at c80\n\tRegion 1: Memory at d0000000 (32-bit, prefetchable) [size=1M]\n`,
      "f",
    );
    expect(notes).toContainEqual(expect.objectContaining({ kind: "unread", from: { file: "f", line: 2 } }));
    expect(devices[0]?.bars.map((b) => b.index)).toEqual([1]);
  });

  it("a second region of the same number is left out and noted", () => {
    const text = `${BLASTER}\tRegion 1: Memory at d0000000 (32-bit, prefetchable) [size=1M]\n`;
    expect(one(text).bars).toEqual(one(BLASTER).bars);
    expect(kinds(text)).toEqual(["unread"]);
  });
});

describe("one -v", () => {
  const unnumbered = BLASTER.replaceAll(/Region \d: /g, "").replaceAll(/\t\t(?:Vector|PBA).*\n/g, "");

  it("regions without numbers are numbered by order, 64-bit ones taking two, with a note", () => {
    const { devices, notes } = readLspci(unnumbered, "f");
    expect(devices[0]?.bars.map((b) => b.index)).toEqual([0, 1, 3, 6]);
    expect(notes.map((n) => n.kind)).toEqual(["assumed", "missing"]);
    expect(notes[0]?.says).toContain("0000:3f:00.0");
  });

  it("numbers that fill all six registers are certain", () => {
    const text = `${HEAD}\n${[1, 2, 3].map((n) => `\tMemory at ${n}000000000 (64-bit, prefetchable) [size=1M]\n`).join("")}`;
    expect(readLspci(text, "f")).toMatchObject({
      devices: [{ bars: [{ index: 0 }, { index: 2 }, { index: 4 }] }],
      notes: [],
    });
  });

  it("more regions than registers are left out and noted", () => {
    const text = `${HEAD}\n${[1, 2, 3, 4].map((n) => `\tMemory at ${n}000000000 (64-bit, prefetchable) [size=1M]\n`).join("")}`;
    expect(one(text).bars).toHaveLength(3);
    expect(kinds(text)).toContain("unread");
  });

  it("MSI-X without its place: the table is null, and a note says so", () => {
    expect(one(unnumbered).msix).toEqual({ vectors: 9, table: null, pba: null, enabled: false });
  });

  it("NUMA node and IOMMU group stand in the Flags line", () => {
    const text = `${HEAD}\n\tFlags: bus master, fast devsel, latency 0, IRQ 16, NUMA node 1, IOMMU group 27\n`;
    expect(one(text)).toMatchObject({ numaNode: 1, iommuGroup: 27 });
  });
});

describe("capabilities", () => {
  it("<access denied>: regions are complete, a note says what is unknown", () => {
    const text = `${BLASTER.slice(0, BLASTER.indexOf("\tCapabilities"))}\tCapabilities: <access denied>\n\tKernel driver in use: pciback\n`;
    const { devices, notes } = readLspci(text, "f");
    expect(devices[0]?.bars).toHaveLength(4);
    expect(devices[0]).toMatchObject({ msix: null, driver: "pciback" });
    expect(notes).toMatchObject([{ kind: "missing" }]);
  });

  it("Resizable BAR without supported sizes, and as old pciutils print it", () => {
    const capability = (title: string, line: string) => `${HEAD}\n\tCapabilities: [134 v1] ${title}\n${line}`;
    expect(one(capability("Resizable BAR", "\t\tBAR 0: current size: 256MB\n")).resizable).toEqual([
      { bar: 0, current: 256 * MIB, supported: [] },
    ]);
    const old = capability("Resizable BAR <?>", "");
    expect(one(old).resizable).toEqual([]);
    expect(kinds(old)).toContain("missing");
  });

  it("MSI-X counts outside 1 to 2048 and BARs above 5 are noted", () => {
    const msix = (count: string, where: string) =>
      `${HEAD}\n\tCapabilities: [b0] MSI-X: Enable+ Count=${count} Masked-\n\t\tVector table: BAR=${where} offset=00002000\n`;
    expect(one(msix("2048", "4")).msix).toEqual({
      vectors: 2048,
      table: { bar: 4, offset: 0x2000 },
      pba: null,
      enabled: true,
    });
    expect(one(msix("2049", "4")).msix).toBeNull();
    expect(kinds(msix("2049", "4"))).toContain("unread");
    expect(one(msix("1", "7")).msix?.table).toBeNull();
  });

  it("other capabilities' lines that mention regions are none", () => {
    const text = `${HEAD}\n\tCapabilities: [90] Enhanced Allocation (EA): NumEntries=1\n\t\tEntry 0: Enable+ Writable-\n\t\t\t BAR Equivalent Indicator: BAR 0\n\t\tRegion 0: Memory at c8000000 (32-bit, non-prefetchable)\n`;
    expect(one(text).bars).toEqual([]);
  });
});

describe("several blocks", () => {
  it("a function listed twice is one device, numbered regions win", () => {
    const plain =
      "0000:3f:00.0 3D controller: Example\n\tMemory at c8000000 (32-bit, non-prefetchable) [size=16M]\n\tMemory at 203000000000 (64-bit, prefetchable) [size=32M]\n";
    const { devices } = readLspci(`${BLASTER}\n${plain}`, "f");
    expect(devices).toHaveLength(1);
    expect(devices[0]).toMatchObject({ deviceId: 0xbeef, driver: "vfio-pci" });
    expect(devices[0]?.bars.map((b) => b.index)).toEqual([0, 1, 3, 6]);
  });

  it("a plain list without blank lines", () => {
    const { devices } = readLspci("00:00.0 Host bridge: A\n00:01.0 PCI bridge: B\n3f:00.0 3D controller: C\n", "f");
    expect(devices.map((d) => [d.bdf, d.name])).toEqual([
      ["0000:00:00.0", "A"],
      ["0000:00:01.0", "B"],
      ["0000:3f:00.0", "C"],
    ]);
  });

  it("notes stand in the order of the lines that they are about", () => {
    const region = "Region 7: Memory at c8000000 (32-bit, prefetchable)";
    const { notes } = readLspci(`\t${region}\n${HEAD}\n\t${region}\n\nother\n${region}\n`, "f");
    expect(notes.filter((n) => n.kind === "unread").map((n) => n.from?.line)).toEqual([1, 3, 6]);
  });

  it("-k lists drivers only", () => {
    expect(
      one("3f:00.0 3D controller: C\n\tSubsystem: X\n\tKernel driver in use: pciback\n\tKernel modules: a, b\n").driver,
    ).toBe("pciback");
  });

  it("no device at all, and a region before the first device, are noted", () => {
    expect(readLspci("hello\n", "f")).toMatchObject({ devices: [], notes: [{ kind: "missing" }] });
    expect(kinds(`\tRegion 0: Memory at c8000000 (32-bit, prefetchable)\n${BLASTER}`)).toEqual(["unread"]);
  });
});
