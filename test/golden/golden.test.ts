import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type Snapshot, snapshotTrees } from "../../src/image/snapshot.ts";
import { compareTrees } from "../../src/inspect/compare.ts";
import { readScript, runScript } from "../../src/plan/script.ts";
import { translate } from "../../src/radix/tree.ts";

/** Page tables that real Xen built, with the operations that led to them. */
interface Golden extends Pick<Snapshot, "roots" | "frames"> {
  readonly name: string;
  readonly hypervisor: {
    readonly xen: string;
    readonly build: string;
    readonly cpu: "intel" | "amd";
    readonly iommu: "vtd" | "amdvi" | null;
    readonly cmdline: string;
  };
  readonly script: { readonly domains: readonly { readonly id: number }[]; readonly operations: readonly GoldenOperation[] };
  readonly results: readonly Record<string, number>[];
}
interface GoldenOperation {
  readonly op: string;
  readonly domain: number;
  readonly gfn: string;
  readonly pages?: number;
  readonly order?: number;
  readonly extents?: number;
  readonly mfn?: string | null;
}

const folder = new URL(".", import.meta.url).pathname;
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".json.gz") && !name.startsWith("dom0_"))
  .map((name) => name.slice(0, -".json.gz".length));
const load = (name: string): Golden =>
  JSON.parse(gunzipSync(readFileSync(`${folder}/${name}.json.gz`)).toString("utf8")) as Golden;

/** "stable branch tip" builds hold what came after the last point release. */
const releaseOf = ({ xen, build }: Golden["hypervisor"]): string =>
  build === "stable branch tip" && /^4\.(7|8|9|10|11|12)\./.test(xen) ? `4.${xen.split(".")[1]}-tip` : xen;

/** Frames that the hypervisor keeps read-only on the emulated machines: the IO-APIC page. */
const READ_ONLY = [["0xfec00", 1]];

const scriptOf = (golden: Golden, operations: readonly GoldenOperation[]): unknown => ({
  physmap: 1,
  kind: "script",
  hypervisor: {
    xen: releaseOf(golden.hypervisor),
    cpu: golden.hypervisor.cpu,
    cmdline: golden.hypervisor.cmdline,
    iommu: golden.hypervisor.iommu,
    physBits: golden.hypervisor.cpu === "intel" ? 40 : 46,
    readOnly: READ_ONLY,
  },
  domains: golden.script.domains,
  operations,
});

/** Guest frames that the script's own operations name. */
const touched = (operations: readonly GoldenOperation[]): { start: number; end: number }[] =>
  operations
    .filter(({ gfn }) => gfn !== undefined && Number(gfn) < 2 ** 36)
    .map(({ gfn, pages, order, extents }) => ({
      start: Number(gfn),
      end: Number(gfn) + (pages ?? 2 ** (order ?? 0) * (extents ?? 1)),
    }));

const isModelRam = (mfn: number): boolean => mfn >= 0x2000_0000 && mfn < 0x3000_0000;
/** RAM of the emulated machines: 2 GiB below the hole and what lies above 4 GiB, never a BAR. */
const isGoldenRam = (mfn: number): boolean => mfn < 0x80000 || (mfn >= 0x100000 && mfn < 0x200000);

/**
 * A populate whose frames the hypervisor chose, one extent at a time with the frames that it did choose, as far as the
 * recorded tables still show them: what coalesces in the IOMMU depends on them.
 */
function withChosenFrames(operation: GoldenOperation, trees: ReturnType<typeof snapshotTrees>): GoldenOperation[] {
  const p2m = trees.find(({ domain, what }) => domain === operation.domain && what === "p2m")?.tree;
  if (operation.op !== "populate" || operation.mfn !== null || !p2m) return [operation];
  return Array.from({ length: operation.extents! }, (_, i) => {
    const gfn = Number(operation.gfn) + i * 2 ** operation.order!;
    const found = translate(p2m, gfn);
    const mfn = found && isGoldenRam(found.frame) ? `0x${found.frame.toString(16)}` : null;
    return { ...operation, gfn: `0x${gfn.toString(16)}`, extents: 1, mfn };
  });
}

const scripted = names.filter((name) => load(name).script.operations.length > 0);

describe("page tables that real Xen built", () => {
  it("has the goldens", () => {
    expect(names.length).toBe(44);
    expect(scripted.length).toBeGreaterThanOrEqual(40);
  });

  it.each(scripted)("%s", (name) => {
    const golden = load(name);
    const trees = snapshotTrees(golden);
    const operations = golden.script.operations.map((operation) => withChosenFrames(operation, trees));
    const script = readScript(scriptOf(golden, operations.flat()));
    if (typeof script === "string") throw new Error(script);
    const run = runScript(script);
    let next = 0;
    operations.forEach((parts, i) => {
      const results = run.operations.slice(next, (next += parts.length));
      const result = "populated" in results[0]! ? { populated: results.reduce((sum, r) => sum + r.populated!, 0) } : results[0]!;
      expect({ operation: golden.script.operations[i], ...result }).toMatchObject(golden.results[i]!);
    });
    // An EPT domain also holds what its creation put there; elsewhere the whole tree is the script's.
    const whole = golden.hypervisor.cpu === "amd";
    const ranges = touched(golden.script.operations);
    let compared = 0;
    for (const { domain, what, tree } of trees) {
      const mine = run.domains.find((d) => d.domain.id === domain);
      if (!mine) continue;
      const model = what === "p2m" ? mine.p2m : mine.iommu;
      expect(model, `${what} of domain ${domain}`).not.toBeNull();
      const { differences, compared: entries } = compareTrees(tree, model!, {
        ...(whole ? {} : { ranges }),
        chosenLeft: isGoldenRam,
        chosenRight: isModelRam,
        limit: 8,
      });
      expect(differences.map((d) => ({ ...d, what, frame: d.frame.toString(16) }))).toEqual([]);
      compared += entries;
    }
    expect(compared).toBeGreaterThan(0);
  });
});
