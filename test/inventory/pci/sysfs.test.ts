import { describe, expect, it } from "vitest";
import { readSysfsTree } from "../../../src/inventory/sysfs.ts";
import { configSpace, GIB, MIB, RESOURCE } from "../fixtures-pci/blaster.ts";
import { memoryTree } from "../fixtures-pci/memory-tree.ts";

type Files = Record<string, string | Uint8Array>;
const UNUSED = "0x0000000000000000 0x0000000000000000 0x0000000000000000\n";

const FILES: Files = {
  resource: RESOURCE,
  vendor: "0x1af4\n",
  device: "0xbeef\n",
  class: "0x030200\n",
  config: configSpace(),
  resource1_resize: "000000000001ffc0\n",
  iommu_group: "->../../../kernel/iommu_groups/27",
  driver: "->../../../bus/pci/drivers/vfio-pci",
  numa_node: "1\n",
};

const tree = (files: Files, at = "0000:3f:00.0"): Files =>
  Object.fromEntries(Object.entries(files).map(([name, file]) => [`${at}/${name}`, file]));
const without = (...names: string[]): Files =>
  Object.fromEntries(Object.entries(FILES).filter(([n]) => !names.includes(n)));
const read = (files: Files) => readSysfsTree(memoryTree(tree(files)), "devices");
const one = (files: Files) => read(files).devices[0]!;

describe("readSysfsTree", () => {
  it("reads a function with everything", () => {
    const { devices, notes } = read(FILES);
    const from = (line: number) => ({ file: "devices/0000:3f:00.0/resource", line });
    expect(notes).toEqual([]);
    expect(devices).toHaveLength(1);
    expect(devices[0]).toMatchObject({
      bdf: "0000:3f:00.0",
      classCode: 0x030200,
      vendorId: 0x1af4,
      deviceId: 0xbeef,
      bridge: false,
      driver: "vfio-pci",
      iommuGroup: 27,
      numaNode: 1,
      memoryDecode: true,
      virtualFunction: false,
      msix: { vectors: 9, table: { bar: 0, offset: 0xb90000 } },
    });
    expect(devices[0]?.bars).toEqual([
      { index: 0, kind: "memory", address: 0xc8000000, size: 16 * MIB, width: 32, prefetchable: false, from: from(1) },
      {
        index: 1,
        kind: "memory",
        address: 0x202000000000,
        size: 64 * GIB,
        width: 64,
        prefetchable: true,
        from: from(2),
      },
      {
        index: 3,
        kind: "memory",
        address: 0x203000000000,
        size: 32 * MIB,
        width: 64,
        prefetchable: true,
        from: from(4),
      },
      { index: 6, kind: "rom", address: 0xc9000000, size: 512 * 1024, width: 32, prefetchable: true, from: from(7) },
    ]);
    expect(devices[0]?.resizable).toEqual([
      { bar: 1, current: 64 * GIB, supported: [...Array(11).keys()].map((n) => 64 * MIB * 2 ** n) },
    ]);
  });

  it.each(["", "bus/pci/devices/", "sys/bus/pci/devices/", "devices/"])(
    "finds the devices below the root at %j",
    (place) => {
      expect(readSysfsTree(memoryTree(tree(FILES, `${place}0000:3f:00.0`)), "f").devices).toHaveLength(1);
    },
  );

  it("a tree without devices is noted", () => {
    expect(readSysfsTree(memoryTree({ "a/b": "c" }), "f")).toMatchObject({
      devices: [],
      notes: [{ kind: "missing", from: { file: "f" } }],
    });
  });

  it("unprivileged: 64 bytes of config leave MSI-X unknown, with a note; without config, all but BARs", () => {
    const short = read({ ...FILES, config: configSpace().subarray(0, 64) });
    expect(short.devices[0]).toMatchObject({ msix: null, memoryDecode: true });
    expect(short.notes).toMatchObject([{ kind: "missing" }]);
    const none = read(without("config"));
    expect(none.devices[0]).toMatchObject({ msix: null, memoryDecode: null, sriov: null });
    expect(none.devices[0]?.bars).toHaveLength(4);
    expect(none.notes).toMatchObject([{ kind: "missing" }]);
  });

  it("resource wins over config: registers of an unused resource are no BARs", () => {
    expect(one({ ...FILES, resource: UNUSED.repeat(7) }).bars).toEqual([]);
    expect(one(without("resource")).bars).toHaveLength(4);
  });

  it("flags: I/O, unset, disabled, a start of zero", () => {
    const line = (start: string, end: string, flags: string) =>
      one({ ...FILES, resource: `${start} ${end} ${flags}\n` }).bars[0];
    expect(line("0x6000", "0x607f", "0x40101")).toMatchObject({ kind: "io", address: 0x6000, size: 128 });
    expect(line("0x0", "0xffffff", "0x20040200")).toMatchObject({ address: null, state: "unassigned", size: 16 * MIB });
    expect(line("0x0", "0xffffff", "0x40200")).toMatchObject({ address: null, state: "zero", size: 16 * MIB });
    expect(line("0xc8000000", "0xc8ffffff", "0x10040200")).toMatchObject({ address: 0xc8000000, disabled: true });
    expect(line("0xc8000000", "0xc8ffffff", "0x140204")).toMatchObject({ width: 64, prefetchable: false });
  });

  it("malformed lines are noted with file and line", () => {
    const { notes, devices } = read({ ...FILES, resource: `nonsense\n0x2 0x1 0x200\n${RESOURCE.split("\n")[3]}\n` });
    expect(notes.map((n) => n.from)).toEqual([1, 2].map((line) => ({ file: "devices/0000:3f:00.0/resource", line })));
    expect(devices[0]?.bars).toMatchObject([{ index: 2, address: 0x203000000000 }]);
  });

  it("VF resources 7 to 12: the slice is the length divided by Total VFs", () => {
    const vf = "0x0000203040000000 0x000020304fffffff 0x000000000014220c\n";
    const files = { ...FILES, resource: RESOURCE + vf + UNUSED.repeat(5), sriov_totalvfs: "16\n", sriov_numvfs: "4\n" };
    expect(one(files).sriov).toMatchObject({
      totalVfs: 16,
      numVfs: 4,
      firstVfOffset: 2,
      vfStride: 1,
      bars: [{ index: 0, address: 0x203040000000, size: 16 * MIB, width: 64 }],
    });
    expect(one(files).bars.map((b) => b.index)).toEqual([0, 1, 3, 6]);
  });

  it("without config, virtfn links tell the VFs' offset and stride", () => {
    const files = {
      ...without("config"),
      sriov_totalvfs: "16",
      sriov_numvfs: "2",
      virtfn0: "->../0000:3f:00.2",
      virtfn1: "->../0000:3f:00.3",
    };
    expect(one(files).sriov).toMatchObject({ firstVfOffset: 2, vfStride: 1, bars: [] });
  });

  it("a length that is no multiple of Total VFs is noted and has no slice", () => {
    const { devices, notes } = read({ ...FILES, resource: `${RESOURCE}0x1000 0x1fff 0x40200\n`, sriov_totalvfs: "3" });
    expect(devices[0]?.sriov?.bars[0]?.size).toBeNull();
    expect(notes).toMatchObject([{ kind: "unread" }]);
  });

  it("a physfn link makes a virtual function; its zero registers do not matter", () => {
    const config = configSpace();
    config.fill(0, 0x10, 0x28);
    expect(one({ ...FILES, config, physfn: "->../0000:3f:00.0" })).toMatchObject({
      virtualFunction: true,
      bars: [{ index: 0, address: 0xc8000000 }, {}, {}, {}],
    });
  });

  it("a bridge's windows are no VF BARs", () => {
    const files = {
      ...without("config"),
      class: "0x060400",
      resource: UNUSED.repeat(8) + RESOURCE.split("\n")[1],
      sriov_totalvfs: "4",
    };
    expect(one(files)).toMatchObject({ bridge: true, bars: [], sriov: null });
  });

  it("numa_node -1 is none; malformed attributes are noted", () => {
    expect(one({ ...FILES, numa_node: "-1\n" }).numaNode).toBeNull();
    expect(read({ ...FILES, vendor: "Example" }).notes).toMatchObject([
      { kind: "unread", from: { file: "devices/0000:3f:00.0/vendor" } },
    ]);
    expect(read({ ...FILES, resource1_resize: "lots" }).notes).toMatchObject([{ kind: "unread" }]);
  });
});
