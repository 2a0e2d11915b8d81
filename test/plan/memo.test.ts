import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readInputs } from "../../src/inventory/index.ts";
import { plan, rememberingSimulator } from "../../src/plan/index.ts";
import { pathOf } from "../schemas/helpers.ts";

const read = (name: string, text: string) =>
  readInputs([
    { name: "lspci.txt", text: LSPCI },
    { name, text },
  ]);
const LSPCI = readFileSync(pathOf("examples/msix-nic/lspci.txt"), "utf8");
const guest = (name: string, memory = 2048) =>
  read("guest.cfg", `name = "${name}"\ntype = "hvm"\nmemory = ${memory}\npci = [ "5e:00.0" ]\n`);
const planned = (...[inventory, keys, options]: Parameters<typeof plan>) => {
  const result = plan(inventory, keys, { advice: false, ...options });
  if (typeof result === "string") throw new Error(result);
  return result;
};

describe("a simulator that remembers", () => {
  it("carries hosts that differ in names only out once, and plans each as if alone", () => {
    const simulator = rememberingSimulator();
    const [a, b] = ["a", "b"].map((name) => planned(guest(name), { xen: "4.17.5" }, { simulator }));
    expect(b!.simulation.machine).toBe(a!.simulation.machine);
    expect(b!.document).toEqual(planned(guest("b"), { xen: "4.17.5" }).document);
    expect(b!.document.scenario.name).toBe("b");
  });

  it.each([
    ["release", guest("a"), { xen: "4.17.4" }],
    ["command line", guest("a"), { xen: "4.17.5", cmdline: "iommu=no-sharept" }],
    ["memory", guest("a", 8192), { xen: "4.17.5" }],
    ["paging pool", guest("a"), { xen: "4.17.5", shadowMemoryMiB: 7 }],
    ["processor", guest("a"), { xen: "4.17.5", cpu: "amd" as const }],
    ["boot", guest("a"), { xen: "4.17.5" }, { boot: false }],
  ])("carries out again what differs in its %s", (_, inventory, keys, options: Parameters<typeof plan>[2] = {}) => {
    const simulator = rememberingSimulator();
    const first = planned(guest("a"), { xen: "4.17.5" }, { simulator });
    const second = planned(inventory, keys, { ...options, simulator });
    expect(second.simulation.machine).not.toBe(first.simulation.machine);
    expect(second.document).toEqual(planned(inventory, keys, options).document);
  });

  it("serves the search for advice, with the same advice", () => {
    const options = { advice: true, simulator: rememberingSimulator() };
    const keys = { xen: "4.12", cmdline: "iommu=no-sharept" };
    expect(planned(guest("a"), keys, options).document).toEqual(planned(guest("a"), keys, { advice: true }).document);
  });

  it("forgets what was not used for longest", () => {
    const simulator = rememberingSimulator(2);
    const machineOf = (xen: string) => planned(guest("a"), { xen }, { simulator }).simulation.machine;
    const [first, second] = [machineOf("4.17.5"), machineOf("4.18.3")];
    expect(machineOf("4.17.5")).toBe(first);
    machineOf("4.19.2");
    expect(machineOf("4.17.5")).toBe(first);
    expect(machineOf("4.18.3")).not.toBe(second);
  });
});
