import { expect, it } from "vitest";
import { loggingAll, type ScriptOperation, wantsOwnBoot } from "../../rig/script.ts";

const boot = (...operations: ScriptOperation[]): boolean =>
  wantsOwnBoot({
    hypervisor: { xen: "4.17", cpu: "amd" },
    domains: [{ id: 1, guest: "hvm" }],
    operations,
  });
const take: ScriptOperation = { op: "take_memory", domain: 1, leave: 0 };
const assign: ScriptOperation = { op: "assign_device", domain: 1 };

it("a script shares its boot, unless it concerns dom0 or devices that remember other scripts", () => {
  expect(boot(assign)).toBe(false);
  expect(boot(take)).toBe(false);
  expect(boot(take, assign)).toBe(true);
  expect(boot({ ...assign, domain: 0 })).toBe(true);
});

it("a console that tells of mapping requests keeps the script's own options after that", () => {
  const cmdline = (given?: string): string | undefined =>
    loggingAll({
      hypervisor: { xen: "4.17", cpu: "amd", ...(given === undefined ? {} : { cmdline: given }) },
      domains: [],
      operations: [],
    }).hypervisor.cmdline;
  expect(cmdline()).toBe("guest_loglvl=all");
  expect(cmdline("hap_2mb=0")).toBe("guest_loglvl=all hap_2mb=0");
});
