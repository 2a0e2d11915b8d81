import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Inventory } from "../../src/inventory/index.ts";
import { type AddressMap, addressMapOf } from "../../src/plan/index.ts";
import { FOLD_WIDTH, mapLines, scaleOf } from "../../src/report/map-lines.ts";
import { addressMapSvg } from "../../src/report/map-svg.ts";
import { el, escapeText } from "../../src/report/markup.ts";
import { planHtml } from "../../src/report/plan-html.ts";
import { keysOf, planned } from "../plan/helpers.ts";
import { GPU, inventoryOf, lspci, NIC, p40, xlCfg, xlInfo } from "../plan/samples.ts";
import { harmless, parsed } from "./markup-check.ts";

const quiet = { advice: false, boot: false };
const nic = (): Inventory => inventoryOf(lspci([NIC]), xlInfo("4.17.3", ""), xlCfg("memory = 2048"));
const mapOf = (inventory: Inventory, keys = ""): AddressMap =>
  addressMapOf(planned(inventory, keys === "" ? {} : keysOf(keys), quiet));

describe("markup", () => {
  it("escapes whatever text holds, once", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const { tags, text: back } = parsed(el("p", { title: text }, text).markup);
        const clean = text.replace(/[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu, (c) =>
          "\n\t".includes(c) ? c : "\ufffd",
        );
        expect([back, tags[0]!.attributes.get("title")]).toEqual([clean, clean]);
      }),
    );
  });

  it("shows what would be invisible or turn the text around", () => {
    expect(escapeText("a\u0000b\u202ec\ud800d\re")).toBe("a\ufffdb\ufffdc\ufffdd\ufffde");
    expect(el("rect", { x: 1 / 3, class: null, hidden: true, title: undefined }).markup).toBe(
      '<rect x="0.33" hidden=""/>',
    );
  });
});

describe("lines of an address map", () => {
  it("keep ascending order, fold every gap, and stay within the width", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ gap: fc.constantFrom(0, 1, 2 ** 20), pages: fc.integer({ min: 1, max: 2 ** 30 }) }), {
          minLength: 1,
          maxLength: 40,
        }),
        fc.integer({ min: 300, max: 4000 }),
        (list, right) => {
          let at = 0;
          const blocks = list.map(({ gap, pages }) => {
            const start = at + gap;
            at = start + pages;
            return { what: "ram" as const, start, pages, bar: null, p2m: [], iommu: [], cuts: [], differences: [] };
          });
          const lines = mapLines({ blocks }, 60, right);
          expect(lines.flatMap((line) => line.blocks.map(({ block }) => block))).toEqual(blocks);
          expect(lines.flatMap((line) => line.folds.map(({ pages }) => pages))).toEqual(
            list.map(({ gap }) => gap).filter((gap) => gap > 0),
          );
          for (const { blocks: placed, folds } of lines) {
            const parts = [...placed, ...folds].sort((a, b) => a.x - b.x);
            expect(parts[0]!.x).toBe(60);
            for (const [i, { x, width }] of parts.entries()) {
              expect(width).toBeGreaterThanOrEqual(FOLD_WIDTH);
              expect(x + width).toBeLessThanOrEqual(right + 0.01);
              if (i > 0) expect(x).toBeCloseTo(parts[i - 1]!.x + parts[i - 1]!.width, 5);
            }
          }
        },
      ),
    );
  });

  it("give one page of 32 GiB a width that can be seen, and keep the order of everything", () => {
    const block = mapOf(p40()).blocks.at(-1)!;
    const cut = block.start + 12_345;
    const scale = scaleOf({ block, x: 100, width: 200 }, [cut, cut + 1]);
    expect([scale(block.start), scale(block.start + block.pages)]).toEqual([100, 300]);
    expect(scale(cut + 1) - scale(cut)).toBeGreaterThan(5);
    expect(scale(cut)).toBeGreaterThan(scale(cut - 100));
  });
});

describe("the address map as SVG", () => {
  it.each([
    ["P40", p40(), "xen=4.11", ["8,388,608 × 4 KiB", "82:00.0 BAR 1", "32 GiB", "0x10_0000_0000", "VT-d"]],
    ["P40 on 4.17", p40(), "xen=4.17", ["16,384 × 2 MiB", "32 × 1 GiB"]],
    ["MSI-X", nic(), "", ["5e:00.0 BAR 3", "cut out of a BAR", "the MSI-X table is there", "shared"]],
    ["a disagreement", nic(), "xen=4.8,cmdline=iommu=no-sharept", ["≠ P2M only", "P2M and IOMMU disagree"]],
    ["no IOMMU", nic(), "cmdline=iommu=off", ["none"]],
    ["PV", nic(), "guest=pv", ["none", "5e:00.0 BAR 3"]],
  ] as const)("is well-formed, refers to nothing outside, and says what it shows: %s", (_, inventory, keys, words) => {
    const map = mapOf(inventory, keys);
    for (const width of [300, 720, 3000]) {
      const svg = addressMapSvg(map, { width, title: "A title", subtitle: "and more" });
      const picture = parsed(svg);
      harmless(picture);
      expect(picture.tags[0]!.attributes.get("width")).toBe(String(width));
      for (const word of words) expect(picture.text).toContain(word);
    }
  });

  it("draws the first blocks of very many, and counts the rest", () => {
    const map = mapOf(p40());
    const [block] = map.blocks;
    const many = Array.from({ length: 1000 }, (_, i) => ({ ...block!, start: i * 2 ** 30, pages: 2 ** 20 }));
    const svg = addressMapSvg({ ...map, blocks: many });
    expect(svg.length).toBeLessThan(300_000);
    expect(parsed(svg).text).toContain("and 880 blocks more, not drawn");
  });

  it("has a word for a guest without a BAR in place", () => {
    const empty = {
      ...mapOf(nic()),
      blocks: [],
      unplaced: [{ bdf: "0000:01:00.0", index: 2, because: "lost & found" }],
    };
    const { text } = parsed(addressMapSvg(empty));
    expect(text).toContain("No BAR has a place.");
    expect(text).toContain("01:00.0 BAR 2 has no place: lost & found");
  });
});

const HOSTILE = `"><script>alert(1)</script>&amp;<img src=x onerror=alert(2)>'--><style>*{display:none}</style>\u202e]]>`;

describe("the plan as HTML", () => {
  const html = (inventory: Inventory, keys = "", advice = true): string => {
    const plan = planned(inventory, keys === "" ? {} : keysOf(keys), { advice });
    return planHtml(plan.document, addressMapOf(plan), { advice });
  };

  it("has the pictures and the tables, and needs nothing else", () => {
    const { tags, text } = parsed(html(p40(), "xen=4.11"));
    harmless({ tags, text });
    for (const title of [
      "At a glance",
      "Address map",
      "Why",
      "Does it fit",
      "What to change",
      "Devices",
      "What it costs",
    ])
      expect(text).toContain(title);
    for (const fact of [
      "131,264",
      "8,388,608 × 4 KiB",
      "0x3838_0000_0000",
      "iommu-not-shared",
      "run Xen 4.12 or later",
    ])
      expect(text).toContain(fact);
    expect(text).toContain("131,264 → 258 hypercalls");
    const policy = tags.find(({ attributes }) => attributes.get("http-equiv") === "Content-Security-Policy");
    expect(policy!.attributes.get("content")).toContain("default-src 'none'");
    expect(tags.filter(({ name }) => name === "svg")).toHaveLength(3);
    expect(tags[0]!.attributes.get("lang")).toBe("en");
    expect(tags.filter(({ name }) => name === "h1")).toHaveLength(1);
    for (const { name, attributes } of tags) if (name === "th") expect(attributes.get("scope")).toMatch(/^(row|col)$/);
  });

  it.each(["guest=pv", "guest=pvh", "cmdline=iommu=off", "xen=4.8,cpu=amd", "hap=off"])("holds for %s", (keys) => {
    const page = parsed(html(nic(), keys, false));
    harmless(page);
    expect(page.text).not.toContain("What to change");
    expect(page.text).not.toMatch(/undefined|NaN|\[object/);
  });

  it("escapes what came from the inputs: names, command lines, files, log lines", () => {
    const title = `3D controller [0302]: ${HOSTILE} [10de:1b38] (rev a1)`;
    const inventory = inventoryOf(
      lspci([{ ...GPU, title }]),
      xlInfo("4.11.4", `iommu=no-sharept ${HOSTILE}`),
      `name = 'a${HOSTILE.replaceAll("'", "")}'\ntype = "hvm"\nmemory = 2048\n`,
    );
    const marked: Inventory = {
      ...inventory,
      notes: [...inventory.notes, { kind: "info", says: HOSTILE, from: { file: HOSTILE, line: 3 } }],
    };
    const source = html(marked);
    const page = parsed(source);
    harmless(page);
    expect(page.text.split("<script>alert(1)</script>").length).toBeGreaterThan(3);
    expect(source).not.toContain("<script");
    expect(source).not.toContain("<img");
    expect(source).not.toContain("\u202e");
  });

  it("counts what a device has too much of", () => {
    const plan = planned(nic(), {}, quiet);
    const piece = { gfn: "0x1", mfn: "0x2", pages: 1, order: 0, entries: 1, because: "misaligned" } as const;
    const devices = plan.document.devices.map((device) => ({
      ...device,
      bars: device.bars.map((bar) => ({ ...bar, pieces: Array(5000).fill(piece) })),
    }));
    const { text } = parsed(planHtml({ ...plan.document, devices }, addressMapOf(plan)));
    expect(text).toMatch(/and [\d,]+ pieces more|and [\d,]+ more/);
    expect(text.length).toBeLessThan(100_000);
  });
});
