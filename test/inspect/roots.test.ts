import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Mfn } from "../../src/address.ts";
import {
  encodeContextEntry,
  encodeDeviceTableEntry,
  encodePasidDirectoryEntry,
  encodePasidEntry,
  encodeRootEntry,
  encodeScalableContextEntry,
  encodeScalableRootEntry,
  FORMATS,
  type FormatName,
  type Raw,
} from "../../src/format/index.ts";
import { bytesSource, type MemoryImage, openImage, withoutBits } from "../../src/image/index.ts";
import { findRoots, type RootsOptions } from "../../src/inspect/roots.ts";
import { rootsInLog } from "../../src/inspect/roots-log.ts";
import { SimulatedMemory } from "../../src/memory/simulated.ts";
import { newTable } from "../../src/radix/edit.ts";
import { setLeaf } from "../../src/radix/leaves.ts";
import type { WritableTree } from "../../src/radix/tree.ts";

const PAGES = 256;

/** A small machine: 1 MiB of memory, frames handed out from 0x40; what guests are given, from 0x90 on, is not zero. */
function machine(): { memory: SimulatedMemory; bytes: Uint8Array; image: () => MemoryImage } {
  const memory = new SimulatedMemory(0x40 as Mfn);
  const bytes = new Uint8Array(PAGES * 4096).fill(0x35, 0x90000);
  const image = (): MemoryImage => {
    const all = bytes.slice();
    for (let mfn = 0x40; mfn < PAGES; mfn++) {
      const words = memory.frame(mfn as Mfn);
      if (words) all.set(new Uint8Array(words.buffer, words.byteOffset, 4096), mfn * 4096);
    }
    return openImage(bytesSource(all));
  };
  return { memory, bytes, image };
}

/** As hypervisors do, with A and D in all NPT entries: without them NPT can hardly be told from EPT. */
function markAccessed(memory: SimulatedMemory): void {
  for (let i = 0; i < memory.allocated; i++) {
    const words = memory.words((0x40 + i) as Mfn);
    for (let at = 0; at < 1024; at += 2) if ((words[at]! & 1) !== 0) words[at]! |= 0x60;
  }
}

/** A tree with RAM in 4 KiB pages, in the image, and a BAR in 2 MiB pages, beyond it. */
function tree(memory: SimulatedMemory, name: FormatName, levels: number, ram = 20): WritableTree {
  const format = FORMATS[name];
  const made: WritableTree = { format, memory, levels, root: newTable({ format, memory }) };
  const rw = { read: true, write: true, ...(name === "ept" || name === "npt" ? { execute: true } : {}) };
  for (let i = 0; i < ram; i++) setLeaf(made, i, 0x90 + i, 0, rw);
  for (let i = 0; i < 40; i++) setLeaf(made, 0x80000 + i * 512, 0x2000_0200 + i * 512, 9, rw);
  if (name === "npt") markAccessed(memory);
  return made;
}

/** Write quadwords at a byte address. */
function poke(bytes: Uint8Array, address: number, raws: readonly Raw[]): void {
  const data = new DataView(bytes.buffer);
  raws.forEach(({ lo, hi }, i) => {
    data.setUint32(address + 8 * i, lo, true);
    data.setUint32(address + 8 * i + 4, hi, true);
  });
}

const quad = (value: bigint): Raw => ({ lo: Number(value & 0xffffffffn), hi: Number(value >> 32n) });
const found = (image: MemoryImage, options?: RootsOptions): string[] =>
  findRoots(image, options).roots.map(({ format, root, levels }) => `${format} ${root} ${levels}`);
const nameOf = ({ format, root, levels }: WritableTree): string =>
  `${format.name} 0x${(root * 4096).toString(16)} ${levels}`;

describe("roots found by what hangs below them", () => {
  it.each([
    ["ept", 4],
    ["ept", 5],
    ["npt", 4],
    ["npt", 5],
    ["vtd", 3],
    ["vtd", 4],
    ["vtd", 5],
    ["amdvi", 3],
    ["amdvi", 4],
    ["amdvi", 6],
  ] as const)("%s with %i levels", (name, levels) => {
    const { memory, image } = machine();
    const made = tree(memory, name, levels);
    expect(found(image())).toEqual([nameOf(made)]);
    const [root] = findRoots(image()).roots;
    expect(root).toMatchObject({ leaves: 60, bad: 0, empty: 0, sampled: false, domain: null });
    expect(root!.evidence[0]!.from).toBe("content");
    expect(root!.score).toBeGreaterThan(0.95);
  });

  it("of several trees in one image, all and nothing else", () => {
    const { memory, image } = machine();
    const all = [tree(memory, "npt", 4), tree(memory, "ept", 4), tree(memory, "vtd", 4), tree(memory, "amdvi", 3)];
    expect(found(image()).sort()).toEqual(all.map(nameOf).sort());
    expect(found(image(), { format: "vtd" })).toEqual([nameOf(all[2]!)]);
  });

  it("although a guest's memory is all zero, so that its pages look like empty tables", () => {
    const { memory, bytes, image } = machine();
    bytes.fill(0);
    const made = tree(memory, "npt", 4, 100);
    expect(found(image())).toEqual([nameOf(made)]);
  });

  it("although all has been unmapped again", () => {
    const { memory, image } = machine();
    const made = tree(memory, "vtd", 4);
    for (let i = 2; i < memory.allocated; i++) memory.words((0x40 + i) as Mfn).fill(0);
    expect(found(image())).toEqual([nameOf(made)]);
    expect(findRoots(image()).roots[0]!.score).toBeLessThan(0.5);
  });

  it("in the likelier of two formats, with the other one named", () => {
    const { memory, bytes, image } = machine();
    const made = tree(memory, "npt", 4);
    // As a hypervisor might leave it that does not care for A and D.
    for (let i = 0; i < memory.allocated; i++) {
      const words = memory.words((0x40 + i) as Mfn);
      for (let at = 0; at < 1024; at += 2) words[at]! &= ~0x60;
    }
    expect(findRoots(image()).roots).toMatchObject([{ format: "ept", also: ["npt"] }]);
    poke(bytes, 0x5090, [quad(1n)]);
    poke(bytes, 0x50b0, [quad(BigInt(made.root * 4096))]);
    expect(findRoots(image()).roots).toMatchObject([
      { format: "npt", evidence: [{ from: "vmcb" }, { from: "content" }] },
    ]);
  });

  it("although some entries are damaged", () => {
    const { memory, image } = machine();
    const made = tree(memory, "ept", 4);
    const words = memory.words((made.root + 3) as Mfn);
    words[2 * 200] = 0x33;
    words[2 * 201 + 1] = 0x12345;
    expect(found(image())).toEqual([nameOf(made)]);
  });

  it("with --levels, tables inside other trees as well", () => {
    const { memory, image } = machine();
    const made = tree(memory, "vtd", 4);
    expect(found(image(), { levels: 3 })).toContain(`vtd 0x${((made.root + 1) * 4096).toString(16)} 3`);
    expect(found(image(), { levels: 5 })).toEqual([]);
  });

  it("not in memory that holds no tables", () => {
    const { bytes, image } = machine();
    for (let i = 0; i < bytes.length; i++) bytes[i] = (i * i * 31 + (i >> 8)) & 255;
    for (let at = 0x10000; at < 0x20000; at += 8) poke(bytes, at, [quad(0xffff888000000000n + BigInt(at))]);
    bytes.fill(0, 0x20000, 0x40000);
    expect(findRoots(image()).roots).toEqual([]);
  });

  it("not in a processor's own tables, whose upper half is the kernel's", () => {
    const { memory, image } = machine();
    const made = tree(memory, "npt", 4);
    const words = memory.words(made.root);
    words[2 * 300] = ((made.root + 1) << 12) | 0x23;
    expect(found(image())).toEqual([]);
  });

  it("although memory encryption's bit is set in every entry, if it is told", () => {
    const { memory, image } = machine();
    const made = tree(memory, "npt", 4);
    for (let i = 0; i < memory.allocated; i++) {
      const words = memory.words((0x40 + i) as Mfn);
      for (let at = 0; at < 1024; at += 2) if ((words[at]! & 1) !== 0) words[at + 1]! |= 0x80000;
    }
    expect(found(image())).toEqual([]);
    expect(found(withoutBits(image(), { lo: 0, hi: 0x80000 }))).toEqual([nameOf(made)]);
  });
});

describe("roots that something names", () => {
  it("a VMCB: nested paging and a nested CR3", () => {
    const { memory, bytes, image } = machine();
    const made = tree(memory, "npt", 4);
    poke(bytes, 0x5090, [quad(1n)]);
    poke(bytes, 0x50b0, [quad(BigInt(made.root * 4096))]);
    poke(bytes, 0x5668, [quad(0x0007040600070406n)]);
    // Junk that looks the same, but leads to no table.
    bytes.fill(0x5a, 0x30000, 0x31000);
    poke(bytes, 0x6090, [quad(1n)]);
    poke(bytes, 0x60b0, [quad(0x30000n)]);
    const { roots } = findRoots(image());
    expect(roots.map(({ root }) => root)).toEqual([`0x${(made.root * 4096).toString(16)}`]);
    expect(roots[0]!.evidence.map(({ from, says }) => `${from}: ${says}`)[0]).toBe(
      "vmcb: nested CR3 of the VMCB at 0x5000",
    );
  });

  it("VT-d's root and context tables", () => {
    const { memory, bytes, image } = machine();
    const made = tree(memory, "vtd", 4);
    poke(bytes, 0x5000 + 0x3b * 16, encodeRootEntry(6));
    poke(bytes, 0x6000 + 0x10 * 16, encodeContextEntry({ frame: made.root, levels: 4, domainId: 5 }));
    const [root, ...others] = findRoots(image()).roots;
    expect(others).toEqual([]);
    expect(root).toMatchObject({ format: "vtd", levels: 4, domain: 5 });
    expect(root!.evidence[0]).toEqual({
      from: "vtd-context",
      says: "context entry of 3b:02.0, by the root table at 0x5000",
    });
  });

  it("VT-d's structures of scalable mode", () => {
    const { memory, bytes, image } = machine();
    const made = tree(memory, "vtd", 3);
    poke(bytes, 0x5000 + 2 * 16, encodeScalableRootEntry(null, 6));
    poke(bytes, 0x6000 + 1 * 32, encodeScalableContextEntry(7, 128));
    poke(bytes, 0x7000, [encodePasidDirectoryEntry(8)]);
    poke(bytes, 0x8000, encodePasidEntry({ frame: made.root, levels: 3, domainId: 9 }));
    const [root] = findRoots(image()).roots;
    expect(root).toMatchObject({ format: "vtd", levels: 3, domain: 9 });
    expect(root!.evidence[0]!.says).toBe("PASID table of 02:10.1, by the root table at 0x5000, PASID 0");
  });

  it("AMD-Vi's device table, of which an empty table may be the root", () => {
    const { memory, bytes, image } = machine();
    const made = tree(memory, "amdvi", 4);
    poke(bytes, 0x5000 + 3 * 32, encodeDeviceTableEntry({ frame: made.root, levels: 4, domainId: 1 }));
    poke(bytes, 0x5000 + 4 * 32, encodeDeviceTableEntry({ frame: made.root, levels: 4, domainId: 1 }));
    poke(bytes, 0x5000 + 9 * 32, encodeDeviceTableEntry({ frame: 0x20, levels: 3, domainId: 2 }));
    const { roots } = findRoots(image());
    expect(roots.map(({ root, levels, domain }) => [root, levels, domain])).toEqual([
      [`0x${(made.root * 4096).toString(16)}`, 4, 1],
      ["0x20000", 3, 2],
    ]);
    expect(roots[0]!.evidence.map(({ from }) => from)).toEqual(["device-table", "device-table", "content"]);
  });

  it("structures with one malformed entry name nothing", () => {
    const { memory, bytes, image } = machine();
    const made = tree(memory, "vtd", 4);
    poke(bytes, 0x5000, encodeRootEntry(6));
    poke(bytes, 0x6000, encodeContextEntry({ frame: made.root, levels: 4, domainId: 5 }));
    poke(bytes, 0x6020, [
      { lo: 0x7001, hi: 0 },
      { lo: 7, hi: 0 },
    ]);
    expect(findRoots(image()).roots.map(({ domain, evidence }) => [domain, evidence.length])).toEqual([[null, 1]]);
  });

  it("a log", () => {
    const { memory, image } = machine();
    const made = tree(memory, "amdvi", 3);
    const at = `0x${(made.root * 4096).toString(16)}`;
    const log = [
      "(XEN) [    3.141592] Xen version 4.17.3",
      `(XEN) AMD-Vi: Setup I/O page table: device id = 0x18, type = 0x1, root table = ${at}, domain = 3, paging mode = 3`,
      "(XEN) AMD-Vi: Setup I/O page table: device id = 0x20, type = 0x1, root table = 0xffff000, domain = 4, paging mode = 3",
    ];
    const { roots, notes } = findRoots(image(), { hints: rootsInLog(log) });
    expect(roots).toMatchObject([{ root: at, levels: 3, domain: 3 }]);
    expect(roots[0]!.evidence[0]).toEqual({ from: "log", says: "line 2: device 0x18" });
    expect(notes).toEqual(["line 3: device 0x20: amdvi root 0xffff000: the frame is not in the image"]);
  });
});

describe("a log's roots", () => {
  it("are those of Xen's and Linux's lines", () => {
    expect(
      rootsInLog([
        "[  1.5] AMD-Vi: Setup I/O page table: device id = 0000:00:03.0, type = 0x1, root table = 0x7fcb0000, domain = 0, paging mode = 4",
        "AMD-Vi: Setup I/O page table: device id = 0x18, type = 0x2, root table = 0x72730000, domain = 1, paging mode = 9",
        "Device 0000:3b:00.0 @0x7f000000",
        "Device 0000:3b:00.0 with pasid 0 @0x7f001000",
        "Device 0000:3b:00.0 @0x7f000000 and more",
      ]).map(({ says, from, ...hint }) => hint),
    ).toEqual([
      { format: "amdvi", root: 0x7fcb0, levels: 4, domain: 0 },
      { format: "amdvi", root: 0x72730, domain: 1 },
      { format: "vtd", root: 0x7f000 },
      { format: "vtd", root: 0x7f001 },
    ]);
  });

  it("are found in any text without an error", () => {
    const word = fc.constantFrom(
      "AMD-Vi: Setup I/O page table: device id = 0x18,",
      " root table = 0x",
      "ffff",
      "domain = ",
      "Device ",
      "@0x",
      "(XEN) ",
      "9",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string()), { maxLength: 12 }), (words) =>
        rootsInLog([words.join("")]).every(({ root }) => root >= 0 && root < 2 ** 40),
      ),
      { numRuns: 500 },
    );
  });
});

describe("any memory", () => {
  it("is searched without an error, and what is found is in it", () => {
    const entry = fc.oneof(
      fc.constantFrom(0n, 1n, 3n, 7n, 0x67n, 0x601n | (3n << 61n), 0x8000000000000000n, 0xffffffffffffffffn),
      fc.bigInt(0n, (1n << 64n) - 1n),
    );
    const pointer = fc
      .tuple(fc.constantFrom(3n, 7n, 0x67n, 0x6000000000000601n, 0x6000000000000201n, 1n), fc.bigInt(0n, 15n))
      .map(([flags, frame]) => flags | (frame << 12n));
    const change = fc.tuple(fc.nat(16 * 512 - 1), fc.oneof(entry, pointer, pointer));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), fc.boolean(), (changes, sparse) => {
        const words = new BigUint64Array(16 * 512);
        for (const [at, value] of changes) words[sparse ? at - (at % 512) : at] = value;
        const { roots } = findRoots(openImage(bytesSource(new Uint8Array(words.buffer))));
        return roots.every(({ root, score }) => Number(root) < 0x10000 && score >= 0 && score <= 1);
      }),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 300) },
    );
  });
});
