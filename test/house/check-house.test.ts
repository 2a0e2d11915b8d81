import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";

const SCRIPT = fileURLToPath(new URL("../../scripts/check-house.mjs", import.meta.url));
const made: string[] = [];

function check(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], { encoding: "utf8" });
  const lines = stdout.trimEnd().split("\n");
  return { status, violations: lines.slice(0, -1), summary: lines.at(-1), warnings: stderr };
}

/** Checks a tree of its own, outside any repository. */
function checkTree(tree: Readonly<Record<string, string | Buffer>>) {
  const root = mkdtempSync(join(tmpdir(), "physmap-house-"));
  made.push(root);
  for (const [path, content] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return check(root);
}

afterEach(() => {
  for (const root of made.splice(0)) rmSync(root, { recursive: true });
});

// Put together, so that this file is not itself a find.
const MACHINE_PATH = ["", "work", "clone"].join("/");
const REGISTRY = ["registry", "npmjs", "org"].join(".");
const lines = (count: number): string => "// a line\n".repeat(count);

const LAWFUL = {
  "src/address.ts": 'import { b } from "./ranges.ts";\n',
  "src/ranges.ts": "export const b = 1;\n",
  "src/radix/tree.ts": 'import { a } from "../address.ts";\nimport { e } from "./entries.ts";\n',
  "src/radix/entries.ts": '// import { x } from "../xen/x.ts";\n/*\n * import("../xen/x.ts")\n */\n',
  "src/inventory/json.ts": 'import * as v from "valibot";\n',
  "src/platform/boot.ts": 'import "../xen/x.ts";\nimport type { I } from "../inventory/json.ts";\n',
  "src/xen/x.ts": 'export * from "../address.ts";\n',
  "src/cli.ts": 'import "./cli/plan.ts";\n',
  "src/cli/plan.ts": 'import { readFileSync } from "node:fs";\nimport { t } from "../radix/tree.ts";\n',
  "src/index.ts": 'export { t } from "./radix/tree.ts";\n',
  "web/app.tsx":
    'import { t } from "../src/radix/tree.ts";\nimport "./draw.ts";\nimport x from "../examples/x.txt?raw";\n',
  "web/draw.ts": "",
  "a.md": `net${MACHINE_PATH} .${MACHINE_PATH} my-${REGISTRY.replace("npmjs", "npm")}\n`,
  "src/plan/p.ts": lines(301),
  "src/plan/q.ts": lines(300),
};

describe("the house", () => {
  it("stands", () => {
    expect(check()).toMatchObject({ status: 0, violations: [] });
  });
});

describe("check-house", () => {
  it("lets a lawful tree be, warns of files over 300 lines, and counts what it saw", () => {
    expect(checkTree(LAWFUL)).toEqual({
      status: 0,
      violations: [],
      summary: "house: 14 source files, 14 imports, 15 files in all, 0 violations, 1 warnings",
      warnings: "src/plan/p.ts:301: warning: 301 lines: keep a file to one idea, under 300 lines\n",
    });
  });

  /** Each in a file of its own; one tree holds them all. */
  const SEEDED: readonly (readonly [what: string, file: string, text: string, expected: string])[] = [
    ["by value", "src/xen/a.ts", 'import { p } from "../plan/p.ts";', "1: xen (floor 3) may not import plan (floor 5)"],
    ["by type", "src/xen/b.ts", '\nimport type { P } from "../plan/p.ts";', "2: xen (floor 3)"],
    ["over lines", "src/xen/c.ts", 'import {\n  p,\n} from "../plan/p.ts";', "3: xen (floor 3)"],
    ["for its effect", "src/xen/d.ts", 'import "../plan/p.ts";', "1: xen (floor 3)"],
    ["re-exported", "src/xen/e.ts", "export * from '../plan/p.ts';", "1: xen (floor 3)"],
    ["dynamic", "src/xen/f.ts", 'const p = (await import("../plan/p.ts")).p;', "1: xen (floor 3)"],
    ["as a type", "src/xen/g.ts", 'type P = typeof import("../plan/p.ts");', "1: xen (floor 3)"],
    ["xen to inventory", "src/xen/h.ts", 'import "../inventory/i.ts";', "1: xen (floor 3) may not import inventory"],
    ["web to cli", "web/a.ts", 'import "../src/cli/plan.ts";', "1: web (floor 7) may not import cli (floor 7)"],
    ["web to node", "web/b.ts", 'import "node:fs";', "1: only src/cli may import Node's modules: node:fs"],
    ["src to web", "src/cli/w.ts", 'import "../../web/draw.ts";', "1: src imports nothing outside src"],
    ["plan to inspect", "src/plan/a.ts", 'import "../inspect/compare.ts";', "1: plan (floor 5) may not import inspect"],
    ["inspect to plan", "src/inspect/a.ts", 'import "../plan/p.ts";', "1: inspect (floor 5) may not import plan"],
    ["cli to index", "src/cli/a.ts", 'import "../index.ts";', "1: cli (floor 7) may not import index.ts (floor 7)"],
    ["ground to room", "src/address.ts", 'import "./format/f.ts";', "1: address.ts (floor 0) may not import format"],
    ["out of src", "src/report/a.ts", 'import "../../test/t.ts";', "1: src imports nothing outside src"],
    ["its own package", "src/report/b.ts", 'import { a } from "physmap/plan";', "1: import the file, not the package"],
    ["node: below cli", "src/report/c.ts", 'import { join } from "node:path";', "1: only src/cli may import Node's"],
    ["Node unprefixed", "src/index.ts", 'import fs from "fs/promises";', "1: only src/cli may import Node's"],
    ["no floor", "src/attic/a.ts", "export {};", "1: attic has no floor"],
    ["circle of one", "src/plan/b.ts", 'import "./b.ts";', "1: circle: src/plan/b.ts → src/plan/b.ts"],
    ["long file", "src/plan/c.ts", lines(401), "401: 401 lines"],
    ["machine path", "docs/a.md", `first\nsee ${MACHINE_PATH}/b`, "2: a path of somebody's machine"],
    ["registry", "a.json", `"https://${REGISTRY}/x"`, "1: a package registry's host"],
    ["gzipped", "golden/g.json.gz", `{"in":"${MACHINE_PATH}/x"}`, "1: a path of somebody's machine"],
    ["circle of three", "src/plan/d.ts", 'import "./e.ts";', ""],
    ["circle of three", "src/plan/e.ts", '\nimport type { F } from "./f.ts";', ""],
    [
      "circle of three",
      "src/plan/f.ts",
      'import "./d.ts";\nimport "./p.ts";',
      "1: circle: src/plan/d.ts → src/plan/e.ts → src/plan/f.ts → src/plan/d.ts",
    ],
  ];

  it("finds every seeded violation, and nothing else", () => {
    const content = (file: string, text: string) => (file.endsWith(".gz") ? gzipSync(text) : text);
    const { status, violations } = checkTree(
      Object.fromEntries(SEEDED.map(([, file, text]) => [file, content(file, text)])),
    );
    for (const [what, file, , expected] of SEEDED) {
      const found = violations.filter((violation) => violation.startsWith(`${file}:`));
      const wanted = expected === "" ? [] : [expect.stringContaining(`${file}:${expected}`)];
      expect(found, what).toEqual(wanted);
    }
    expect(violations.length).toBe(SEEDED.filter(([, , , expected]) => expected !== "").length);
    expect(status).toBe(1);
  });

  it("fails where there is nothing to check", () => {
    expect(checkTree({ "a.md": "" }).status).toBe(1);
  });
});
