import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { detectKinds } from "../../../src/inventory/detect.ts";
import { readInputs } from "../../../src/inventory/read.ts";
import type { InputKind, Note } from "../../../src/inventory/types.ts";
import { LSPCI, RESOURCE, XL_CFG, XL_DMESG, XL_INFO } from "./samples.ts";

const KINDS: readonly InputKind[] = ["xl-info", "xl-dmesg", "xl-cfg", "xen-cmdline", "linux-cmdline", "collect"];
const CMDLINE = `GRUB_CMDLINE_XEN="iommu=no-sharept,verbose hap_2mb=0 dom0=pvh"\nGRUB_CMDLINE_LINUX='iommu=pt xen-pciback.hide=(3f:00.0)'\n`;
const COLLECT = JSON.stringify({
  physmap: 1,
  kind: "collect",
  xlInfo: XL_INFO,
  xlDmesg: XL_DMESG,
  sysfs: { "0000:3f:00.0": { files: { resource: RESOURCE }, links: { driver: "a/b" } } },
  guests: [{ name: "g", text: XL_CFG }],
  missing: [],
});

const said = (notes: readonly Note[]): boolean =>
  notes.every(({ says, from }) => says !== "" && says.length < 1000 && !/\p{Cc}/u.test(`${says}${from?.file}`));

/** Cuts, doubles, swaps and spoils pieces of a text. */
const mutated = (text: string): fc.Arbitrary<string> => {
  const at = fc.nat({ max: text.length });
  const edit = fc.oneof(
    fc.tuple(at, at).map(
      ([a, b]) =>
        (s: string) =>
          s.slice(0, Math.min(a, b)) + s.slice(Math.max(a, b)),
    ),
    fc.tuple(at, at).map(
      ([a, b]) =>
        (s: string) =>
          s.slice(0, Math.max(a, b)) + s.slice(Math.min(a, b)),
    ),
    fc.tuple(at, fc.string({ unit: "binary", maxLength: 8 })).map(
      ([a, junk]) =>
        (s: string) =>
          s.slice(0, a) + junk + s.slice(a),
    ),
    fc
      .tuple(at, fc.constantFrom("\r", "\n", "\0", "'", '"', "[", "]", "=", "__proto__", "$GRUB_CMDLINE_XEN", "0x"))
      .map(
        ([a, junk]) =>
          (s: string) =>
            s.slice(0, a) + junk + s.slice(a),
      ),
  );
  return fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => edits.reduce((s, change) => change(s), text));
};

describe("hostile input", () => {
  it.each([
    ["xl info", XL_INFO],
    ["xl dmesg", XL_DMESG],
    ["xl.cfg", XL_CFG],
    ["command lines", CMDLINE],
    ["a collect document", COLLECT],
    ["a pasted session", `${XL_INFO}\n${LSPCI}\n${XL_DMESG}`],
  ])("spoiled %s never throws, and is spoken of in bounded, printable notes", (_, text) => {
    fc.assert(
      fc.property(mutated(text), fc.option(fc.constantFrom(...KINDS)), (spoiled, kind) => {
        const { notes } = readInputs([{ name: "f", text: spoiled, ...(kind !== null && { kind }) }]);
        expect(said(notes)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it("escape sequences never reach the terminal through notes", () => {
    const clear = "\u001b[2J";
    const inputs = [
      { name: "a", text: `(XEN) Command line: hap=${clear}\n(XEN) Intel VT-d Shared ${clear}\n` },
      { name: "b", text: `xen_commandline : hap=1 ${clear}\nnr_cpus : ${clear}\n` },
      { name: "c", text: `type = "hvm"\npassthrough = "${clear}"\n${clear} = 1\npci = [ '${clear}' ]\n` },
      {
        name: "d",
        text: JSON.stringify({
          physmap: 1,
          kind: "collect",
          guests: [{ name: clear, text: "x" }],
          missing: [{ what: clear, why: clear }],
          [clear]: 1,
        }),
      },
    ];
    const { notes } = readInputs(inputs);
    expect(notes.length).toBeGreaterThan(8);
    expect(said(notes)).toBe(true);
  });

  it("arbitrary text in any kind never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), fc.constantFrom(...KINDS), (text, kind) => {
        expect(said(readInputs([{ name: "f", text, kind }]).notes)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  // Each of these is long enough to run for minutes where work grows with the square of the length.
  const LONG = 200_000;
  it.each([
    ["blanks", " ".repeat(LONG)],
    ["tabs before a colon", `xen_version${"\t".repeat(LONG)}x`],
    ["open brackets", `x = ${"[".repeat(LONG)}`],
    ["open quotes", `x = '${"\\'".repeat(LONG)}`],
    ["digits", `x = ${"1".repeat(LONG)}z`],
    ["commas", `pci = [ '${"3f:00.0,".repeat(LONG / 8)}' ]`],
    ["appended lists", "pci += [ 'a' ]\n".repeat(LONG / 16)],
    [
      "pieces of a list of page sizes",
      `(XEN) Intel VT-d iommu 0 supported page sizes: 4kB\n${", 2MB\n".repeat(LONG / 6)}`,
    ],
    ["a wrapped command line", `(XEN) Command line: ${"a".repeat(60)}\n${`${"b".repeat(60)}\n`.repeat(LONG / 61)}`],
    ["wrapped xl info", `xen_commandline        : ${"a".repeat(60)}\n${`${"b".repeat(60)}\n`.repeat(LONG / 61)}`],
    ["list parts", `iommu=${"x,".repeat(LONG / 2)}`],
    ["double quotes", `root=${'"'.repeat(LONG)}`],
    ["hidden devices", `xen-pciback.hide=${"(".repeat(LONG)}`],
    [
      "references to a variable",
      `GRUB_CMDLINE_XEN="${"a".repeat(1000)}"\nGRUB_CMDLINE_XEN="${"$GRUB_CMDLINE_XEN".repeat(3000)}"`,
    ],
    ["prefixes", "(XEN) ".repeat(LONG / 6)],
    ["braces", "{".repeat(LONG)],
  ])("%s in bulk are read in bounded time and few notes", (_, text) => {
    const kinds = detectKinds(text);
    expect(kinds.length).toBeLessThan(12);
    for (const kind of KINDS) expect(readInputs([{ name: "f", text, kind }]).notes.length).toBeLessThan(500);
  });
});
