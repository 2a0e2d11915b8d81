import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readConfigSpace } from "../../../src/inventory/config-space.ts";
import { readIomem } from "../../../src/inventory/iomem.ts";
import { readLspci } from "../../../src/inventory/lspci.ts";
import { readSysfsTree } from "../../../src/inventory/sysfs.ts";
import type { PciDevice } from "../../../src/inventory/types.ts";
import { BLASTER_SRIOV, configSpace, HEAD, hexDump, RESOURCE } from "../fixtures-pci/blaster.ts";
import { memoryTree } from "../fixtures-pci/memory-tree.ts";

const TEXT = `${BLASTER_SRIOV}${hexDump(configSpace().subarray(0, 512))}\n${BLASTER_SRIOV.replaceAll("3f:00.0", "3f:00.1")}`;
const TRAPS = [
  "__proto__",
  "constructor",
  "...",
  "\r",
  "> ",
  "\t",
  "[",
  "(",
  "Region 0: ",
  "Capabilities: [",
  "\ufeff",
  "\0",
];

/** One edit of a text's lines, told as numbers so that it shrinks. */
const edit = fc.record({
  kind: fc.constantFrom("drop", "double", "swap", "cut", "insert"),
  at: fc.nat(200),
  other: fc.nat(200),
  text: fc.oneof(fc.constantFrom(...TRAPS), fc.string({ unit: "binary", maxLength: 20 })),
});

function apply(text: string, edits: readonly { kind: string; at: number; other: number; text: string }[]): string {
  const rows = text.split("\n");
  for (const e of edits) {
    const i = e.at % rows.length;
    const j = e.other % rows.length;
    const row = rows[i] ?? "";
    if (e.kind === "drop" && rows.length > 1) rows.splice(i, 1);
    else if (e.kind === "double") rows.splice(j, 0, row);
    else if (e.kind === "swap") [rows[i], rows[j]] = [rows[j] ?? "", row];
    else if (e.kind === "cut") rows[i] = row.slice(0, e.other % (row.length + 1));
    else rows[i] = row.slice(0, e.other % (row.length + 1)) + e.text + row.slice(e.other % (row.length + 1));
  }
  return rows.join("\n");
}

/** What holds for every device, whatever was read. */
function expectSound(devices: readonly PciDevice[]): void {
  expect(new Set(devices.map((d) => d.bdf)).size).toBe(devices.length);
  for (const { bdf, bars, sriov, msix } of devices) {
    expect(bdf).toMatch(/^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/);
    for (const list of [bars, sriov?.bars ?? []]) {
      expect(new Set(list.map((b) => b.index)).size).toBe(list.length);
      for (const { index, address, size } of list) {
        expect(index >= 0 && index <= 6).toBe(true);
        expect(address === null || (Number.isInteger(address) && address > 0 && address < 2 ** 52)).toBe(true);
        expect(size === null || (Number.isInteger(size) && size > 0)).toBe(true);
      }
    }
    expect(msix === null || (msix.vectors >= 1 && msix.vectors <= 2048)).toBe(true);
  }
}

describe("hostile input", () => {
  it("mutated lspci text never throws and yields sound devices", () => {
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 12 }), (edits) => {
        const { devices, notes } = readLspci(apply(TEXT, edits), "f");
        expectSound(devices);
        expect(notes.length).toBeLessThanOrEqual(201);
      }),
      { numRuns: 400 },
    );
  });

  it("random bytes of configuration space never throw and yield sound devices", () => {
    const spoiled = fc.array(fc.tuple(fc.nat(511), fc.nat(255)), { maxLength: 40 }).map((changes) => {
      const bytes = configSpace();
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), spoiled), (bytes) => {
        readConfigSpace(bytes, () => ({ file: "f" }));
        expectSound(readLspci(`${HEAD}\n${hexDump(bytes.subarray(0, 512))}`, "f").devices);
        expectSound(readSysfsTree(memoryTree({ "0000:3f:00.0/config": bytes }), "f").devices);
      }),
      { numRuns: 300 },
    );
  });

  it("mutated resource files and iomem listings never throw", () => {
    const iomem = "200000000000-20ffffffffff : PCI Bus 0000:3a\n  202000000000-203001ffffff : 0000:3f:00.0\n";
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 8 }), (edits) => {
        const tree = memoryTree({ "0000:3f:00.0/resource": apply(RESOURCE, edits) });
        expectSound(readSysfsTree(tree, "f").devices);
        for (const { start, end } of readIomem(apply(iomem, edits), "f").ranges) expect(start).toBeLessThanOrEqual(end);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["spaces", " ".repeat(60_000)],
    ["brackets", "[".repeat(60_000)],
    ["ids", "[1af4:beef]".repeat(5_000)],
    ["quote marks", "> ".repeat(30_000)],
    ["hex", "00 ".repeat(20_000)],
    ["carriage returns", "\r".repeat(60_000)],
    ["sizes", "64MB ".repeat(12_000)],
  ])("many lines of many %s end", (_, row) => {
    const text = `${HEAD}\n\t${row}x\n\tRegion 0: Memory at ${row}\n${row}\n`.repeat(2);
    expectSound(readLspci(text, "f").devices);
    expect(readIomem(text, "f").ranges).toEqual([]);
  });

  it("fifty thousand regions, entries and notes stay bounded", () => {
    const many = (line: string): string => `${line}\n`.repeat(50_000);
    const { devices, notes } = readLspci(
      `${HEAD}\n${many("\tMemory at c8000000 (32-bit, prefetchable)")}\tCapabilities: [134 v1] Resizable BAR\n${many("\t\tBAR 1: current size: 1GB")}`,
      "f",
    );
    expect(devices[0]?.bars).toHaveLength(6);
    expect(devices[0]?.resizable).toHaveLength(1);
    expect(notes.length).toBeLessThanOrEqual(201);
  });
});
