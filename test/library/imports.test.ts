import { describe, expect, it } from "vitest";
import { closure, ENTRIES, importsOf, textOf } from "./entries.ts";

const all = closure(Object.values(ENTRIES));
const files = [...all].filter((each) => each.startsWith("src/"));
const packages = [...all].filter((each) => !each.startsWith("src/"));

describe("what importing the library brings in", () => {
  it("is the library's files, and of packages only those that check documents and unpack images", () => {
    expect(files.length).toBeGreaterThan(80);
    expect(files).toContain("src/xen/p2m/ept.ts");
    expect(files.filter((file) => file.startsWith("src/cli"))).toEqual([]);
    expect([...packages].sort()).toEqual(["fflate", "valibot"]);
  });

  it("works in a browser: nothing of Node", () => {
    for (const file of files) expect(textOf(file), file).not.toMatch(/["']node:|\bprocess\.|\bBuffer\b|\brequire\(/);
  });

  it("acts on nothing: no file imports another for its effects, and none has a statement of its own", () => {
    for (const file of files) {
      expect(textOf(file), file).not.toMatch(/^import "/m);
      expect(textOf(file), file).not.toMatch(
        /^(?:for|if|while|await|try|throw|globalThis|[a-z]\w*(?:\.\w+)*(?:\(| = ))/m,
      );
    }
  });

  it("is found by form, type imports and several lines included", () => {
    expect(importsOf("src/inspect/index.ts")).toEqual(
      expect.arrayContaining(["src/image/snapshot.ts", "src/inspect/compare.ts", "src/inspect/tables.ts"]),
    );
    expect(importsOf("src/cli/inputs.ts")).toContain("node:fs");
  });
});
