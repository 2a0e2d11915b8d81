import { describe, expect, it } from "vitest";
import { readLspci } from "../../../src/inventory/lspci.ts";
import type { PciDevice } from "../../../src/inventory/types.ts";
import { BLASTER_SRIOV, HEAD, MIB } from "../fixtures-pci/blaster.ts";

/** What a device says, without where it stood. */
const facts = (text: string): readonly unknown[] =>
  readLspci(text, "f").devices.map((device) =>
    JSON.parse(JSON.stringify(device, (k, v) => (k === "from" ? undefined : v))),
  );
const one = (text: string): PciDevice => readLspci(text, "f").devices[0]!;
const expected = facts(BLASTER_SRIOV);
const eachLine = (edit: (line: string, i: number) => string): string => BLASTER_SRIOV.split("\n").map(edit).join("\n");

describe("text that came through mail, a web form or a terminal reads the same", () => {
  it.each([
    ["CR LF", BLASTER_SRIOV.replaceAll("\n", "\r\n")],
    ["CR CR LF of a serial console", BLASTER_SRIOV.replaceAll("\n", "\r\r\n")],
    ["lone CR", BLASTER_SRIOV.replaceAll("\n", "\r")],
    ["a byte order mark", `\ufeff${BLASTER_SRIOV}`],
    ["quoted mail", `Bob wrote:\n${eachLine((l) => `> ${l}`)}`],
    ["mail quoted twice, without blanks", eachLine((l) => `>>${l}`)],
    ["a constant indent", eachLine((l) => (l === "" ? l : `    ${l}`))],
    ["tabs turned to eight spaces", BLASTER_SRIOV.replaceAll("\t", "        ")],
    ["tabs turned to two spaces", BLASTER_SRIOV.replaceAll("\t", "  ")],
    ["tabs turned to no-break spaces", BLASTER_SRIOV.replaceAll("\t", "\u00a0")],
    ["the indent lost", eachLine((l) => l.trimStart())],
    ["the indent lost, double spaced", eachLine((l) => `${l.trimStart()}\n`)],
    ["double spacing", BLASTER_SRIOV.replaceAll("\n", "\n\n")],
    ["console timestamps", eachLine((l, i) => `[  812.1002${i % 10}] ${l}`)],
    ["logger timestamps", eachLine((l) => `2024-05-06T07:08:09+0000 ${l}`)],
    ["a shell prompt before the first line", `[root@host ~]# lspci -vvvnn -s 3f:00.0\n${BLASTER_SRIOV}`],
    ["a shell prompt after the last line", `${BLASTER_SRIOV}root@host:~# exit\nlogout\n`],
    ["other output after an empty line", `${BLASTER_SRIOV}\nxen_version            : 4.16.2\nMore text\n`],
    ["an indented head below unindented text", `My card:\n${eachLine((l) => `  ${l}`)}`],
  ])("%s", (_, text) => {
    expect(facts(text)).toEqual(expected);
  });

  it("line numbers are those of the file as it was given", () => {
    expect(one(`Hi\n\n${eachLine((l) => `> ${l}`)}`).from).toEqual({ file: "f", line: 3 });
  });
});

describe("pieces cut out by hand", () => {
  it("... between lines stops nothing", () => {
    const text = BLASTER_SRIOV.replace(/\tNUMA node.*\n/, "...\n").replace(
      /\t\tIOVCap.*\n\t\tIOVCtl.*\n/,
      "\t\t[...]\n",
    );
    expect(facts(text)).toEqual([{ ...(expected[0] as object), numaNode: null }]);
  });

  it("VF regions whose capability line was cut out do not become the function's own", () => {
    const text = `${HEAD}\n\tRegion 0: Memory at c8000000 (32-bit, non-prefetchable) [size=16M]\n...\n\t\tRegion 2: Memory at 0000203040000000 (64-bit, prefetchable)\n\tKernel driver in use: x\n`;
    const { devices, notes } = readLspci(text, "f");
    expect(devices[0]?.bars.map((b) => b.index)).toEqual([0]);
    expect(notes).toMatchObject([{ kind: "unread", from: { line: 4 } }]);
  });

  it("SR-IOV without its counts is noted", () => {
    const { devices, notes } = readLspci(BLASTER_SRIOV.replace(/.*Initial VFs.*\n/, "\t\t...\n"), "f");
    expect(devices[0]?.sriov).toBeNull();
    expect(notes).toMatchObject([{ kind: "unread" }]);
  });
});

describe("wrapped lines", () => {
  it("hard wrap of a terminal at any column from 40 to 132 (a name may keep a blank where it broke)", () => {
    const nameless = (all: readonly unknown[]): readonly unknown[] => all.map((d) => ({ ...(d as object), name: "" }));
    const wrap = (line: string, width: number): string =>
      line
        .replaceAll("\t", "        ")
        .match(new RegExp(`.{1,${width}}`, "g"))
        ?.join("\n") ?? "";
    for (let width = 40; width <= 132; width++)
      expect([width, nameless(facts(eachLine((line) => wrap(line, width))))]).toEqual([width, nameless(expected)]);
  });

  it.each([60, 72, 76])("soft wrap of a mail program at column %i", (width) => {
    const wrap = (line: string): string => {
      const words = line.replaceAll("\t", "        ").split(/(?<=\S) /);
      const rows = [words[0]!];
      for (const word of words.slice(1)) {
        const row = `${rows.at(-1)} ${word}`;
        if (row.length > width) rows.push(word);
        else rows[rows.length - 1] = row;
      }
      return rows.join("\n");
    };
    expect(facts(eachLine(wrap))).toEqual(expected);
  });

  it("Resizable BAR lists that go on, indented, on the next lines", () => {
    const text = `${HEAD}\n\tCapabilities: [134 v1] Physical Resizable BAR\n\t\tBAR 1: current size: 128MB, supported: 64MB\n\t\t  128MB 256MB\n\t\t  512MB\n`;
    expect(one(text).resizable).toEqual([
      { bar: 1, current: 128 * MIB, supported: [64, 128, 256, 512].map((n) => n * MIB) },
    ]);
  });

  it("lines of more than 64 KiB are cut and noted", () => {
    const { devices, notes } = readLspci(`${HEAD}\n\tSubsystem: ${"x".repeat(100_000)}\n\tNUMA node: 1\n`, "f");
    expect(devices[0]?.numaNode).toBe(1);
    expect(notes).toMatchObject([{ kind: "unread", from: { file: "f", line: 2 } }]);
  });
});
