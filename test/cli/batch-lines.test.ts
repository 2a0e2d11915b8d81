import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linesOf } from "../../src/cli/batch-lines.ts";

async function* chunked(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < edges.length; i++) yield bytes.subarray(edges[i - 1], edges[i]);
}

async function read(text: string, cuts: readonly number[] = [], most?: number) {
  const lines = [];
  for await (const line of linesOf(chunked(Buffer.from(text), cuts), most)) lines.push(line);
  return lines;
}

describe("lines of a stream", () => {
  it("are the same however the stream is cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: "grapheme" })), fc.array(fc.nat(300)), async (parts, cuts) => {
        const text = parts.map((part) => part.replaceAll("\n", "")).join("\n");
        const expected = text.split("\n").flatMap((line, i) => (line.trim() === "" ? [] : [[i + 1, line]]));
        const lines = await read(text, cuts);
        expect(lines.map(({ number, text: line }) => [number, line])).toEqual(
          expected.map(([number, line]) => [number, Buffer.from(String(line)).toString("utf8")]),
        );
      }),
      { numRuns: 200 },
    );
  });

  it("count the bytes read up to their end", async () => {
    expect((await read("ab\n\ncd\nef")).map(({ read: bytes }) => bytes)).toEqual([3, 7, 9]);
  });

  it("longer than is read are told, not kept, and those after them are read", async () => {
    const lines = await read(`short\n${"x".repeat(50)}\nafter`, [8, 20, 30], 10);
    expect(lines.map(({ number, text }) => [number, text])).toEqual([
      [1, "short"],
      [2, null],
      [3, "after"],
    ]);
  });
});
