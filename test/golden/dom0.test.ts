import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { compareDom0 } from "../../rig/dom0.ts";
import type { Snapshot } from "../../src/image/snapshot.ts";
import type { MachineSpec } from "../../src/xen/machine.ts";

/** dom0's own tables as a real boot left them, with the script by which the model makes them. */
interface Golden extends Pick<Snapshot, "roots" | "frames"> {
  readonly host: { readonly hypervisor: object; readonly spec: Partial<MachineSpec> };
  readonly script: { readonly domains: readonly object[]; readonly operations: readonly object[] };
}

const folder = new URL(".", import.meta.url).pathname;
const names = readdirSync(folder).filter((name) => name.startsWith("dom0_"));
const load = (name: string): Golden => JSON.parse(gunzipSync(readFileSync(folder + name)).toString("utf8")) as Golden;
const scriptOf = ({ host, script }: Golden) => ({
  physmap: 1,
  kind: "script",
  hypervisor: host.hypervisor,
  ...script,
});

describe("dom0's tables that real Xen built", () => {
  it("are of PV and PVH, of each release and each IOMMU", () => {
    for (const part of ["pv-dom0-amdvi", "pv-dom0-vtd", "pvh-dom0", "_414", "_417", "_420"])
      expect(names.filter((name) => name.includes(part)).length, part).toBeGreaterThan(0);
  });

  it.each(names)("%s", (name) => {
    const golden = load(name);
    const { differences, entries } = compareDom0(scriptOf(golden), golden, golden.host.spec);
    expect(differences).toEqual([]);
    expect(entries).toBeGreaterThan(0);
  });

  it("differ from those of another mode, or with a frame of the hypervisor's given away", () => {
    const golden = load(names.find((name) => name.includes("relaxed_417")) ?? "");
    const script = scriptOf(golden);
    const strict = { ...script, hypervisor: { ...script.hypervisor, cmdline: "dom0-iommu=strict" } };
    expect(compareDom0(strict, golden, golden.host.spec).differences.length).toBeGreaterThan(0);
    const careless = { ...script, hypervisor: { ...script.hypervisor, ownFrames: [] } };
    expect(compareDom0(careless, golden, golden.host.spec).differences.length).toBeGreaterThan(0);
  });
});
