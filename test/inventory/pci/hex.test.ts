import { describe, expect, it } from "vitest";
import { readConfigSpace } from "../../../src/inventory/config-space.ts";
import { readLspci } from "../../../src/inventory/lspci.ts";
import { readHexRows } from "../../../src/inventory/lspci-hex.ts";
import { BLASTER, configSpace, GIB, HEAD, HEX_64, hexDump, MIB } from "../fixtures-pci/blaster.ts";

const at = (offset: number) => ({ file: "config", line: offset });
const read = (edit: (view: DataView) => void = () => {}, length = 4096) => {
  const bytes = configSpace();
  edit(new DataView(bytes.buffer));
  return readConfigSpace(bytes.subarray(0, length), at);
};

describe("readConfigSpace", () => {
  it("decodes 4096 bytes", () => {
    expect(read()).toEqual({
      vendorId: 0x1af4,
      deviceId: 0xbeef,
      classCode: 0x030200,
      bridge: false,
      memoryDecode: true,
      bars: [
        { index: 0, kind: "memory", address: 0xc8000000, size: null, width: 32, prefetchable: false, from: at(0x10) },
        {
          index: 1,
          kind: "memory",
          address: 0x202000000000,
          size: 64 * GIB,
          width: 64,
          prefetchable: true,
          from: at(0x14),
        },
        {
          index: 3,
          kind: "memory",
          address: 0x203000000000,
          size: null,
          width: 64,
          prefetchable: true,
          from: at(0x1c),
        },
        {
          index: 6,
          kind: "rom",
          address: 0xc9000000,
          size: null,
          width: 32,
          prefetchable: false,
          disabled: true,
          from: at(0x30),
        },
      ],
      msix: { vectors: 9, table: { bar: 0, offset: 0xb90000 }, pba: { bar: 0, offset: 0xba0000 }, enabled: false },
      resizable: [{ bar: 1, current: 64 * GIB, supported: [...Array(11).keys()].map((n) => 64 * MIB * 2 ** n) }],
      sriov: {
        totalVfs: 16,
        numVfs: 4,
        firstVfOffset: 2,
        vfStride: 1,
        vfDeviceId: 0xbeee,
        systemPageSize: 4096,
        bars: [
          {
            index: 0,
            kind: "memory",
            address: 0x203040000000,
            size: 16 * MIB,
            width: 64,
            prefetchable: true,
            from: at(0x124),
          },
        ],
      },
      truncated: false,
      problems: [],
    });
  });

  it("64 bytes tell BARs, and that capabilities are cut off", () => {
    expect(read(undefined, 64)).toMatchObject({
      bars: [{ index: 0 }, { index: 1 }, { index: 3 }, { index: 6 }],
      msix: null,
      truncated: true,
    });
  });

  it("fewer than 64 bytes, or all ones, are nothing", () => {
    expect(read(undefined, 63)).toBeNull();
    expect(readConfigSpace(new Uint8Array(256).fill(0xff), at)).toBeNull();
  });

  it("a capability loop ends and is reported", () => {
    const result = read((view) => view.setUint8(0xb1, 0xb0));
    expect(result?.msix?.vectors).toBe(9);
    expect(result?.problems).toEqual(["capability list comes back to 0xb0"]);
  });

  it("an extended capability loop ends and is reported", () => {
    const result = read((view) => view.setUint32(0x160, 0x10010024, true));
    expect(result?.sriov?.totalVfs).toBe(16);
    expect(result?.problems).toEqual(["extended capability list comes back to 0x100"]);
  });

  it("pointers into the headers are reported", () => {
    expect(read((view) => view.setUint8(0x34, 0x20))?.problems).toHaveLength(1);
    expect(read((view) => view.setUint32(0x160, 0x0c010024, true))?.problems).toHaveLength(1);
  });

  it("without status bit 4 there is no capability list", () => {
    expect(read((view) => view.setUint16(6, 0, true))?.msix).toBeNull();
  });

  it("a zero register is no BAR; a 64-bit one with zero address is one without address", () => {
    expect(read((view) => view.setUint32(0x10, 0, true))?.bars[0]?.index).toBe(1);
    expect(read((view) => view.setUint32(0x18, 0, true))?.bars[1]).toMatchObject({
      index: 1,
      address: null,
      state: "zero",
      width: 64,
    });
  });

  it("I/O BARs, a 64-bit type in the last register, an address beyond 52 bits", () => {
    const io = read((view) => view.setUint32(0x24, 0x6001, true));
    expect(io?.bars.find((b) => b.index === 5)).toMatchObject({ kind: "io", address: 0x6000 });
    const last = read((view) => view.setUint32(0x24, 0xd0000004, true));
    expect(last?.bars.find((b) => b.index === 5)).toMatchObject({ address: null, state: "broken" });
    const far = read((view) => view.setUint32(0x18, 0xfff00000, true));
    expect(far?.bars.find((b) => b.index === 1)).toMatchObject({ address: null, state: "broken" });
  });

  it("memory decoding off: BARs are disabled, the address holds", () => {
    const result = read((view) => view.setUint16(4, 0, true));
    expect(result).toMatchObject({ memoryDecode: false, bars: [{ address: 0xc8000000, disabled: true }, {}, {}, {}] });
  });

  it("a bridge has two BARs, and its ROM at 0x38", () => {
    const result = read((view) => {
      view.setUint8(0x0e, 0x81);
      view.setUint32(0x38, 0xc9100001, true);
    });
    expect(result).toMatchObject({ bridge: true });
    // Register 1 is the last of two and claims 64 bits.
    expect(result?.bars.map((b) => [b.index, b.address])).toEqual([
      [0, 0xc8000000],
      [1, null],
      [6, 0xc9100000],
    ]);
  });

  it("MSI-X in BAR 7, a Resizable BAR of BAR 6, and a System Page Size of 64 KiB", () => {
    expect(read((view) => view.setUint32(0xb4, 0xb90007, true))).toMatchObject({
      msix: { table: null },
      problems: [expect.any(String)],
    });
    expect(read((view) => view.setUint32(0x148, 0x1026, true))).toMatchObject({
      resizable: [],
      problems: [expect.any(String)],
    });
    expect(read((view) => view.setUint32(0x120, 0x10, true))?.sriov?.systemPageSize).toBe(65536);
  });

  it("Resizable BAR exponents from 28 stand in the control register", () => {
    const result = read((view) => view.setUint32(0x148, 0x0001_1c21, true));
    expect(result?.resizable[0]).toMatchObject({ current: MIB * 2 ** 28 });
    expect(result?.resizable[0]?.supported.at(-1)).toBe(MIB * 2 ** 28);
  });
});

describe("lspci -x", () => {
  it("64 bytes after a plain head line: addresses without sizes, a note says so", () => {
    const { devices, notes } = readLspci(`${HEAD}\n${HEX_64}\n`, "f");
    expect(devices[0]?.bars).toMatchObject([
      { index: 0, address: 0xc8000000, size: null, from: { file: "f", line: 3 } },
      { index: 1, address: 0x202000000000, size: null, width: 64, prefetchable: true },
      { index: 3, address: 0x203000000000, size: null, from: { file: "f", line: 3 } },
    ]);
    expect(notes.map((n) => n.kind)).toEqual(["missing", "missing"]);
  });

  it("digits in both cases, blanks after the last, no blank after the colon", () => {
    const bytes = (rows: readonly string[]) =>
      readHexRows(rows.map((text, i) => ({ text, line: i + 5 }))).bytes.subarray(0, 4);
    expect([...bytes(["00: 09 aF Fa 90"])]).toEqual([0x09, 0xaf, 0xfa, 0x90]);
    expect([...bytes(["00:10 0b", "02: c0 DE"])]).toEqual([0x10, 0x0b, 0xc0, 0xde]);
    const { devices } = readLspci(`${HEAD}\n${HEX_64.toUpperCase().replaceAll("\n", " \t\n")}`, "f");
    expect(devices[0]?.bars.map((b) => b.address)).toEqual([0xc8000000, 0x202000000000, 0x203000000000]);
  });

  it("the text wins for sizes and addresses; the dump adds what the text lacks", () => {
    const text = `${BLASTER.replaceAll(/\tCapabilities: \[b0\](?:.*\n){3}/g, "")}${hexDump(configSpace())}`;
    const { devices, notes } = readLspci(text, "f");
    const alone = readLspci(BLASTER, "f").devices[0]!;
    expect(devices[0]?.bars.map((b) => [b.index, b.address, b.size])).toEqual(
      alone.bars.map((b) => [b.index, b.address, b.size]),
    );
    expect(devices[0]?.msix).toEqual(alone.msix);
    expect(devices[0]?.sriov?.totalVfs).toBe(16);
    expect(notes).toEqual([]);
  });

  it("the dump's registers number the regions of -v, also where there are gaps", () => {
    const bytes = configSpace();
    new DataView(bytes.buffer).setUint32(0x14, 0, true);
    new DataView(bytes.buffer).setUint32(0x18, 0, true);
    const text = `${HEAD}\n\tMemory at c8000000 (32-bit, non-prefetchable) [size=16M]\n\tMemory at 203000000000 (64-bit, prefetchable) [size=32M]\n`;
    expect(readLspci(text, "f").devices[0]?.bars.map((b) => b.index)).toEqual([0, 1]);
    const { devices, notes } = readLspci(text + hexDump(bytes), "f");
    expect(devices[0]?.bars.map((b) => b.index)).toEqual([0, 3, 6]);
    expect(notes).toEqual([]);
  });

  it("a virtual function's registers are zero: the text's regions stand", () => {
    const bytes = configSpace();
    bytes.fill(0, 0x10, 0x28);
    const text = `${HEAD}\n\tRegion 0: Memory at 203040000000 (64-bit, prefetchable) [virtual] [size=2M]\n${hexDump(bytes.subarray(0, 64))}`;
    expect(readLspci(text, "f").devices[0]?.bars[0]).toMatchObject({
      address: 0x203040000000,
      size: 2 * MIB,
      virtual: true,
    });
  });

  it("rows cut out of a dump are noted; those after them are ignored", () => {
    const rows = hexDump(configSpace()).split("\n");
    const { devices, notes } = readLspci(`${HEAD}\n${[...rows.slice(0, 5), "...", ...rows.slice(10)].join("\n")}`, "f");
    expect(devices[0]?.msix).toBeNull();
    expect(devices[0]?.bars).toHaveLength(4);
    expect(notes[0]).toMatchObject({ kind: "unread", says: expect.stringContaining("0xa0") });
  });
});
