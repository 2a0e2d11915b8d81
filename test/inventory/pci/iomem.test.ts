import { describe, expect, it } from "vitest";
import { readIomem } from "../../../src/inventory/iomem.ts";

const TEXT = `00001000-0009ffff : System RAM
200000000000-20ffffffffff : PCI Bus 0000:3a
  202000000000-203001ffffff : PCI Bus 0000:3f
    202000000000-202fffffffff : 0000:3f:00.0
      202000000000-202000ffffff : vesafb
`;

describe("readIomem", () => {
  it("reads ranges with their depth, and what it says about devices", () => {
    expect(readIomem(TEXT, "iomem")).toEqual({
      ranges: [
        { start: 0x1000, end: 0x9ffff, depth: 0, name: "System RAM" },
        { start: 0x200000000000, end: 0x20ffffffffff, depth: 0, name: "PCI Bus 0000:3a" },
        { start: 0x202000000000, end: 0x203001ffffff, depth: 1, name: "PCI Bus 0000:3f" },
        { start: 0x202000000000, end: 0x202fffffffff, depth: 2, name: "0000:3f:00.0" },
        { start: 0x202000000000, end: 0x202000ffffff, depth: 3, name: "vesafb" },
      ],
      hints: [{ bdf: "0000:3f:00.0", address: 0x202000000000, size: 2 ** 36, from: { file: "iomem", line: 4 } }],
      notes: [],
    });
  });

  it("all zeros: read without rights, so nothing is known", () => {
    const zeros = TEXT.replaceAll(/[0-9a-f]+-[0-9a-f]+ :/g, "00000000-00000000 :");
    expect(readIomem(zeros, "f")).toMatchObject({ ranges: [], hints: [], notes: [{ kind: "missing" }] });
  });

  it("quoted, indented and CR LF text reads the same", () => {
    const quoted = TEXT.replaceAll(/^(?=.)/gm, "> ").replaceAll("\n", "\r\n");
    expect(readIomem(quoted, "f").ranges).toEqual(readIomem(TEXT, "f").ranges);
    expect(readIomem(TEXT.replaceAll(/^(?=.)/gm, "    "), "f").ranges).toEqual(readIomem(TEXT, "f").ranges);
  });

  it("malformed ranges are noted with their line, and stop nothing", () => {
    const { ranges, notes } = readIomem(
      "2000-1000 : a\nffffffffffffffff-ffffffffffffffff : b\n1000-\n1000-1fff : __proto__\n",
      "f",
    );
    expect(ranges).toEqual([{ start: 0x1000, end: 0x1fff, depth: 0, name: "__proto__" }]);
    expect(notes.map((n) => [n.kind, n.from?.line])).toEqual([
      ["unread", 1],
      ["unread", 2],
      ["unread", 3],
    ]);
  });
});
