import { describe, expect, it } from "vitest";
import { readXlCfg } from "../../../src/inventory/xl-cfg.ts";

const guest = (text: string) => readXlCfg(text, "guest.cfg").guest;
const notes = (text: string) => readXlCfg(text, "guest.cfg").notes;
const hvm = (text: string) => `type = "hvm"\n${text}`;

describe("xl.cfg grammar (host-inputs.md 8)", () => {
  it("reads the example", () => {
    const text = `type = "hvm"
memory = 8192
firmware = "ovmf"
pci = [ '3f:00.0,permissive=1', '3f:00.1' ]
mmio_hole = 2048
`;
    expect(readXlCfg(text, "guest.cfg")).toEqual({
      guest: {
        type: { value: "hvm", from: { file: "guest.cfg", line: 1 } },
        memoryMiB: { value: 8192, from: { file: "guest.cfg", line: 2 } },
        firmware: { value: "ovmf", from: { file: "guest.cfg", line: 3 } },
        mmioHoleMiB: { value: 2048, from: { file: "guest.cfg", line: 5 } },
        pci: [
          { bdf: "0000:3f:00.0", vslot: null, options: { permissive: "1" }, from: { file: "guest.cfg", line: 4 } },
          { bdf: "0000:3f:00.1", vslot: null, options: {}, from: { file: "guest.cfg", line: 4 } },
        ],
        iomem: [],
      },
      notes: [],
    });
  });

  it("takes both quotes, escapes, and # inside strings", () => {
    expect(guest(hvm(`name = 'a "b" # c'`)).name?.value).toBe('a "b" # c');
    expect(guest(hvm(`name = "a\\"b\\\\c\\x41\\t"`)).name?.value).toBe('a"b\\cA\t');
    expect(guest(hvm(`name = "x" # the "name"`)).name?.value).toBe("x");
  });

  it("reads decimal and 0x numbers, also in quotes", () => {
    expect(guest(hvm("memory = 0x2000")).memoryMiB?.value).toBe(8192);
    expect(guest(hvm(`memory = "8192"`)).memoryMiB?.value).toBe(8192);
  });

  it("reads lists over several lines with comments and a trailing comma", () => {
    const text = hvm(`pci = [  # devices\n  '3f:00.0',\n\n  # the second\n  "3f:00.1",\n]\nhap = 0`);
    const { pci, hap } = guest(text);
    expect(pci.map(({ bdf, from }) => [bdf, from.line])).toEqual([
      ["0000:3f:00.0", 3],
      ["0000:3f:00.1", 6],
    ]);
    expect(hap?.value).toBe(false);
  });

  it("separates statements with ;", () => {
    expect(guest(`type="hvm"; memory=512;; hap=1`)).toMatchObject({ memoryMiB: { value: 512 }, hap: { value: true } });
  });

  it("lets the later assignment win, with a note", () => {
    const text = hvm("memory = 512\nmemory = 1024");
    expect(guest(text).memoryMiB).toEqual({ value: 1024, from: { file: "guest.cfg", line: 3 } });
    expect(notes(text)).toMatchObject([{ kind: "conflict", from: { line: 3 } }]);
  });

  it("adds to a list with +=", () => {
    const text = hvm(`pci = [ '3f:00.0' ]\npci += [ '3f:00.1' ]`);
    expect(guest(text).pci.map(({ bdf }) => bdf)).toEqual(["0000:3f:00.0", "0000:3f:00.1"]);
    expect(notes(text)).toEqual([]);
  });

  it("has no expressions: notes them and reads on", () => {
    const text = hvm("memory = 4 * 1024\nvcpus = 2\nimport os\nif True: x\nname = 'n");
    expect(guest(text)).toMatchObject({ memoryMiB: { value: 4 }, vcpus: { value: 2 } });
    expect(notes(text).map(({ from, says }) => [from?.line, says.startsWith("expected ")])).toEqual([
      [2, true],
      [4, true],
      [5, true],
      [6, true],
    ]);
  });

  it("recovers from a list without its end at the next assignment", () => {
    const text = hvm("vif = [ 'mac=1',\nmemory = 256\npci = [ '3f:00.0' '3f:00.1' ]\nhap = 0");
    const { memoryMiB, pci, hap } = guest(text);
    expect(memoryMiB?.value).toBe(256);
    expect(pci).toEqual([]);
    expect(hap?.value).toBe(false);
    expect(notes(text).map(({ from }) => from?.line)).toEqual([3, 4]);
  });

  it("wants values quoted, and does not take an unquoted type for a missing one", () => {
    const text = "type = hvm\nmemory = 10G";
    expect(guest(text).type).toBeUndefined();
    expect(guest(text).memoryMiB).toBeUndefined();
    expect(notes(text)).toMatchObject([
      { kind: "unread", from: { line: 1 }, says: expect.stringContaining('found "hvm"') },
      { kind: "unread", from: { line: 2 }, says: expect.stringContaining('found "10G"') },
    ]);
  });

  it("bounds nesting", () => {
    const text = hvm(`x = ${"[".repeat(100_000)}\nmemory = 1`);
    expect(guest(text).memoryMiB?.value).toBe(1);
    expect(notes(text).some(({ kind }) => kind === "unread")).toBe(true);
  });

  it("takes prototype keys as unknown keys", () => {
    const text = hvm("__proto__ = 1\nconstructor = 'x'\npci = [ '3f:00.0,__proto__=1' ]");
    const { pci } = guest(text);
    expect(Object.keys(pci[0]?.options ?? {})).toEqual(["__proto__"]);
    expect(
      notes(text)
        .map(({ says }) => says)
        .join(),
    ).toContain("__proto__, constructor");
    expect(({} as Record<string, unknown>)["1"]).toBeUndefined();
  });
});

describe("xl.cfg keys", () => {
  it.each([
    [`type = "pvh"`, "pvh"],
    [`builder = "hvm"`, "hvm"],
    [`builder = 'generic'`, "pv"],
    [`builder = "hvm"\ntype = "pv"`, "pv"],
    ["memory = 1", "pv"],
  ])("%s: %s", (text, expected) => {
    expect(guest(text).type?.value).toBe(expected);
  });

  it("says that a guest without type and builder is PV", () => {
    expect(notes("memory = 1")).toMatchObject([{ kind: "assumed" }]);
    expect(notes(`builder = "hvm"`)).toEqual([]);
  });

  it.each([256, 3840])("mmio_hole takes %i MiB", (size) => {
    expect(guest(hvm(`mmio_hole = ${size}`)).mmioHoleMiB?.value).toBe(size);
  });

  it.each([255, 3841])("mmio_hole refuses %i MiB", (size) => {
    const text = hvm(`mmio_hole = ${size}`);
    expect(guest(text).mmioHoleMiB).toBeUndefined();
    expect(notes(text)).toMatchObject([{ kind: "unread", says: expect.stringContaining("256 to 3840") }]);
  });

  it("reads what bears on the P2M", () => {
    const text = hvm(`maxmem = 16384
vcpus = 8
shadow_memory = 128
passthrough = "sync_pt"
nestedhvm = 1
altp2m = "external"
gfx_passthru = "igd"
xen_platform_pci = 0
stdvga = 1
videoram = 16
device_model_version = "qemu-xen"
bios = "seabios"
`);
    const { pci: _pci, iomem: _iomem, ...read } = guest(text);
    expect(Object.fromEntries(Object.entries(read).map(([key, { value }]) => [key, value]))).toEqual({
      type: "hvm",
      maxMemMiB: 16384,
      vcpus: 8,
      shadowMemoryMiB: 128,
      passthrough: "sync_pt",
      nestedHvm: true,
      altp2m: true,
      gfxPassthru: true,
      xenPlatformPci: false,
      vga: "stdvga",
      videoRamMiB: 16,
      deviceModelVersion: "qemu-xen",
      firmware: "seabios",
    });
    expect(notes(text)).toEqual([]);
  });

  it("notes a wrong passthrough and a list in place of a number", () => {
    const text = hvm(`passthrough = "share"\nmemory = [ 1 ]\npci = "3f:00.0"`);
    expect(guest(text)).toMatchObject({ pci: [] });
    expect(notes(text).map(({ kind, from }) => [kind, from?.line])).toEqual(
      expect.arrayContaining([
        ["unread", 2],
        ["unread", 3],
        ["unread", 4],
      ]),
    );
  });

  it("reads iomem in hexadecimal without 0x", () => {
    const text = hvm(`iomem = [ "fed9,1", "a0000,20@100000", "x,1" ]`);
    expect(guest(text).iomem).toMatchObject([
      { mfn: 0xfed9, pages: 1, gfn: null },
      { mfn: 0xa0000, pages: 0x20, gfn: 0x100000 },
    ]);
    expect(notes(text)).toMatchObject([{ kind: "unread", says: expect.stringContaining("MFN,NUM[@GFN]") }]);
  });
});

describe("xl.cfg pci specifications", () => {
  const pci = (spec: string) =>
    guest(hvm(`pci = [ "${spec}" ]`)).pci.map(({ bdf, vslot, options }) => [bdf, vslot, { ...options }]);

  it.each([
    ["3f:00.0", [["0000:3f:00.0", null, {}]]],
    ["0001:3F:00.0", [["0001:3f:00.0", null, {}]]],
    ["10000:e1:00.0", [["10000:e1:00.0", null, {}]]],
    ["3f:00.0@0a", [["0000:3f:00.0", 10, {}]]],
    ["3f:00.0@1f,seize=1", [["0000:3f:00.0", 31, { seize: "1" }]]],
    ["bdf=3f:00.0,vslot=10", [["0000:3f:00.0", 16, {}]]],
    ["bdf=3f:00.0, rdm_policy=relaxed", [["0000:3f:00.0", null, { rdm_policy: "relaxed" }]]],
    [
      "3f:00.0,permissive=1,msitranslate=0,power_mgmt=1",
      [["0000:3f:00.0", null, { permissive: "1", msitranslate: "0", power_mgmt: "1" }]],
    ],
    ["3f:00.*", [["0000:3f:00.*", null, {}]]],
    ["3f:00.*@06", [["0000:3f:00.*", 6, {}]]],
    [
      "00:1a.0,2-3",
      [
        ["0000:00:1a.0", null, {}],
        ["0000:00:1a.2", null, {}],
        ["0000:00:1a.3", null, {}],
      ],
    ],
    [
      "00:1a.0,2-3=0-1",
      [
        ["0000:00:1a.0", null, {}],
        ["0000:00:1a.2", null, { vfunc: "0" }],
        ["0000:00:1a.3", null, { vfunc: "1" }],
      ],
    ],
  ])("%s", (spec, expected) => {
    expect(pci(spec)).toEqual(expected);
    expect(notes(hvm(`pci = [ "${spec}" ]`))).toEqual([]);
  });

  it("keeps a device given by name, and says that the address is missing", () => {
    expect(pci("name=gpu0,permissive=1")).toEqual([["name=gpu0", null, { name: "gpu0", permissive: "1" }]]);
    expect(notes(hvm(`pci = [ "name=gpu0" ]`))).toMatchObject([{ kind: "missing" }]);
  });

  it.each(["", "3f:00", "3f:00.8", "3f:20.0", "nonsense", "3f:00.0@20", "3f:00.0,wrong=1", ",,,"])(
    "notes %j",
    (spec) => {
      expect(notes(hvm(`pci = [ "${spec}" ]`))).toMatchObject([{ kind: "unread", from: { line: 2 } }]);
    },
  );
});
