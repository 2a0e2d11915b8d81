import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENTRIES, pathOf } from "./entries.ts";

/** A copy of what is published, built afresh: dist/ of the clone may be that of another day. */
let copy: string;

function run(command: string, args: readonly string[], cwd = copy) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  return { status, stdout, stderr };
}

beforeAll(() => {
  copy = realpathSync(mkdtempSync(join(tmpdir(), "physmap-package-")));
  const parts = [
    "src",
    "scripts/bundle.mjs",
    "schemas",
    "examples",
    "package.json",
    "tsconfig.json",
    "tsconfig.build.json",
  ];
  for (const each of [...parts, "README.md", "LICENSE", "CHANGELOG.md"])
    cpSync(pathOf(each), join(copy, each), { recursive: true });
  symlinkSync(pathOf("node_modules"), join(copy, "node_modules"), "dir");
  for (const step of [["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], ["scripts/bundle.mjs"]]) {
    const { status, stdout, stderr } = run(process.execPath, step);
    if (status !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`);
  }
}, 120_000);

afterAll(() => rmSync(copy, { recursive: true, force: true }));

describe("the package", () => {
  it("can be imported by its entries, prints nothing and leaves no global behind", () => {
    const program = `
      const before = Object.getOwnPropertyNames(globalThis).length;
      const names = {};
      for (const entry of ${JSON.stringify(Object.keys(ENTRIES))}) names[entry] = Object.keys(await import(entry));
      const after = Object.getOwnPropertyNames(globalThis).length;
      const schema = (await import("physmap/schemas/plan.schema.json", { with: { type: "json" } })).default;
      const { createDomain, gfn, iomemPermission, makeMachine, mapMmioRegions, mfn } = await import("physmap");
      const domain = createDomain(makeMachine({ xen: "4.12" }));
      const rc = [iomemPermission(domain, 0x200000, 512, true), mapMmioRegions(domain, gfn(0x400000), 512, mfn(0x200000))];
      process.stdout.write(JSON.stringify({ names, globals: after - before, id: schema.$id, rc, order: domain.decisions[0].order }));
    `;
    const { status, stdout, stderr } = run(process.execPath, ["--no-warnings", "--input-type=module", "-e", program]);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const said = JSON.parse(stdout);
    expect(said).toMatchObject({ globals: 0, id: "urn:physmap:1:plan", rc: [0, 0], order: 9 });
    expect(said.names.physmap).toEqual(expect.arrayContaining(["mapMmioRegions", "mmioOrder", "runScript", "FORMATS"]));
    expect(said.names["physmap/plan"]).toEqual(expect.arrayContaining(["plan", "compare", "why", "resolveScenario"]));
    expect(said.names["physmap/inventory"]).toEqual(expect.arrayContaining(["readInputs", "readLspci", "readXlCfg"]));
    expect(said.names["physmap/inspect"]).toEqual(
      expect.arrayContaining([
        "audit",
        "compareTrees",
        "diffRuns",
        "findRoots",
        "makeSnapshot",
        "mapTheSame",
        "openImage",
        "snapshotTrees",
        "tablesDocument",
      ]),
    );
  });

  it("offers its types to a strict compiler, and nothing that it does not export", () => {
    writeFileSync(
      join(copy, "user.ts"),
      `import { createDomain, type Domain, gfn, makeMachine, mapMmioRegions, mfn, type Mfn } from "physmap";
       import { tablesDocument } from "physmap/inspect";
       import { readInputs } from "physmap/inventory";
       import { type PlanDocument, plan } from "physmap/plan";
       const domain: Domain = createDomain(makeMachine({ xen: "4.17" }));
       const rc: number = mapMmioRegions(domain, gfn(1), 2, mfn(3));
       const planned = plan(readInputs([]));
       export const document: PlanDocument | undefined = typeof planned === "string" ? undefined : planned.document;
       export const levels: number = tablesDocument(domain.p2m).levels + rc;
       // @ts-expect-error a machine frame is no guest frame
       mapMmioRegions(domain, 3 as Mfn, 2, mfn(3));
       // @ts-expect-error not an entry
       import "physmap/dist/xen/order.js";
      `,
    );
    const options = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--ignoreConfig", "user.ts"];
    const { status, stdout } = run(process.execPath, ["node_modules/typescript/bin/tsc", ...options]);
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });

  it("holds what a user needs and nothing else", () => {
    const npm = process.env.npm_execpath?.endsWith(".js") ? [process.execPath, process.env.npm_execpath] : ["npm"];
    const { stdout } = run(npm[0]!, [...npm.slice(1), "pack", "--dry-run", "--json", "--ignore-scripts", "--offline"]);
    const [{ files }] = JSON.parse(stdout) as [{ files: readonly { readonly path: string }[] }];
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        ...["package.json", "README.md", "LICENSE", "CHANGELOG.md", "examples/README.md", "examples/p40/lspci.txt"],
        ...["schemas/plan.schema.json", "schemas/snapshot.schema.json", "examples/scripts/partial-unmap.json"],
        ...["dist/cli.js", "dist/index.js", "dist/index.d.ts", "dist/inspect/index.d.ts", "dist/index.js.map"],
        "src/index.ts",
      ]),
    );
    const folders = new Set(paths.filter((path) => path.includes("/")).map((path) => path.split("/")[0]));
    expect([...folders].sort()).toEqual(["dist", "examples", "schemas", "src"]);
  });
});
