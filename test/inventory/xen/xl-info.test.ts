import { describe, expect, it } from "vitest";
import { readXlInfo } from "../../../src/inventory/xl-info.ts";

const EXAMPLE = `xen_version            : 4.16.2
virt_caps              : pv hvm hvm_directio pv_directio hap shadow
xen_commandline        : dom0_mem=8G,max:8G iommu=no-sharept,verbose loglvl=all guest_loglvl=all
`;
const info = (fields: Record<string, string>): string =>
  Object.entries(fields)
    .map(([key, value]) => `${key.padEnd(23)}: ${value}`)
    .join("\n");
const release = (major: number, minor: number, extra: string) => ({
  xen_major: `${major}`,
  xen_minor: `${minor}`,
  xen_extra: extra,
});

describe("xl info", () => {
  it("reads the example of host-inputs.md 6", () => {
    const { host, notes } = readXlInfo(EXAMPLE, "info.txt");
    expect(host.xenVersion).toEqual({ value: "4.16.2", from: { file: "info.txt", line: 1 } });
    expect(host.virtCaps?.value).toEqual(["pv", "hvm", "hvm_directio", "pv_directio", "hap", "shadow"]);
    expect(host.xenCmdline?.value).toMatchObject({ sharept: false, iommuVerbose: true, guestLoglvlAll: true });
    expect(host.xenCmdline?.from.line).toBe(3);
    expect(host.iommuEnabled?.value).toBe(true);
    expect(notes).toEqual([]);
  });

  it.each([
    [4, 17, ".3-pre", "4.17.3-pre"],
    [4, 17, ".5-18", "4.17.5-18"],
    [4, 20, "-unstable", "4.20-unstable"],
    [4, 11, "", "4.11"],
    [4, 1, "7vendor", "4.1-7vendor"],
  ])("puts the release together: %i %i %s", (major, minor, extra, expected) => {
    expect(readXlInfo(info(release(major, minor, extra)), "i").host.xenVersion?.value).toBe(expected);
  });

  it("notes a xen_version that differs from major, minor and extra", () => {
    const { host, notes } = readXlInfo(info({ ...release(4, 17, ".3"), xen_version: "4.16.2" }), "i");
    expect(host.xenVersion?.value).toBe("4.17.3");
    expect(notes).toMatchObject([{ kind: "conflict", from: { line: 4 } }]);
  });

  it.each([
    ["4.12: the word does not exist yet", 12, "pv hvm hvm_directio pv_directio", undefined],
    ["4.13: present", 13, "pv hvm hvm_directio pv_directio hap shadow iommu_hap_pt_share", true],
    ["4.13: absent beside hvm_directio", 13, "pv hvm hvm_directio pv_directio hap shadow", false],
    ["4.17: absent, and no IOMMU in use", 17, "pv hvm hap shadow", undefined],
  ])("iommu_hap_pt_share %s", (_, minor, caps, expected) => {
    const { host } = readXlInfo(info({ ...release(4, minor, ".0"), virt_caps: caps }), "i");
    expect(host.sharedTables?.value).toBe(expected);
  });

  it("takes sharing for a sign of Intel, as AMD never shares", () => {
    const shared = { ...release(4, 17, ".0"), virt_caps: "hvm hvm_directio hap iommu_hap_pt_share" };
    expect(readXlInfo(info(shared), "i").host.cpu?.value).toBe("intel");
    expect(readXlInfo(EXAMPLE, "i").host.cpu).toBeUndefined();
    const arm = readXlInfo(info({ ...shared, xen_caps: "xen-3.0-aarch64" }), "i");
    expect(arm.host.cpu).toBeUndefined();
    expect(arm.notes).toMatchObject([{ kind: "info" }]);
  });

  it("reads numbers, and notes what is none", () => {
    const good = info({ nr_cpus: "64", cpu_mhz: "2400.012", total_memory: "524165", release: "6.1.0-18-amd64" });
    expect(readXlInfo(good, "i").host).toMatchObject({
      cpus: { value: 64 },
      cpuMhz: { value: 2400.012 },
      totalMemoryMiB: { value: 524165 },
      dom0Kernel: { value: "6.1.0-18-amd64" },
    });
    const bad = readXlInfo(info({ nr_cpus: "many" }), "i");
    expect(bad.host.cpus).toBeUndefined();
    expect(bad.notes).toMatchObject([{ kind: "unread", from: { line: 1 } }]);
  });

  it("passes over the tables of xl info -n, prompts, quote marks and CR LF", () => {
    const pasted = `> root@host:~# xl info -n\r\n> ${EXAMPLE.trimEnd().replaceAll("\n", "\r\n> ")}\r\n> cpu_topology           :\r\n> cpu:    core    socket     node\r\n>   0:       0        0        0\r\n`;
    const { host, notes } = readXlInfo(pasted, "i");
    expect(host.xenVersion).toEqual({ value: "4.16.2", from: { file: "i", line: 2 } });
    expect(host.xenCmdline?.value.text).toMatch(/guest_loglvl=all$/);
    expect(notes).toEqual([]);
  });

  it("joins a command line that mail has wrapped", () => {
    const wrapped = EXAMPLE.replace(" loglvl=all", "\nloglvl=all");
    const { host, notes } = readXlInfo(wrapped, "i");
    expect(host.xenCmdline?.value.guestLoglvlAll).toBe(true);
    expect(notes).toMatchObject([{ kind: "assumed", from: { line: 4 } }]);
  });

  it("keeps the first of a key given twice, and says so", () => {
    const { host, notes } = readXlInfo("nr_cpus : 4\nnr_cpus : 8\n", "i");
    expect(host.cpus?.value).toBe(4);
    expect(notes).toMatchObject([{ kind: "conflict", from: { line: 2 } }]);
  });

  it("takes prototype keys as any unknown key", () => {
    const { host, notes } = readXlInfo("__proto__ : 1\nconstructor : 2\ntoString : 3\nnr_cpus : 4\n", "i");
    expect(host).toEqual({ cpus: { value: 4, from: { file: "i", line: 4 } } });
    expect(notes).toEqual([]);
  });
});
