import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectHost, type Run, runCommand } from "../../../src/cli/collect-host.ts";
import { makeCollect, readCollect } from "../../../src/inventory/collect-document.ts";
import { readInputs } from "../../../src/inventory/read.ts";
import { LSPCI, RESOURCE, XL_CFG, XL_DMESG, XL_INFO } from "./samples.ts";

let root: string;
const DEVICE = "sys/bus/pci/devices/0000:3f:00.0";

const run: Run = async (command, args) => {
  const outputs = new Map([
    ["xl info", XL_INFO],
    ["xl dmesg", XL_DMESG],
    ["lspci -D -vvv -nn", LSPCI],
  ]);
  const stdout = outputs.get([command, ...args].join(" "));
  return stdout === undefined ? { why: "not installed" } : { stdout };
};

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "physmap-collect-"));
  for (const path of ["proc", "etc/default", DEVICE, "sys/kernel/iommu_groups/27", "sys/bus/pci/drivers/pciback"])
    await mkdir(join(root, path), { recursive: true });
  const files = {
    "proc/cmdline": "root=/dev/sda1 xen-pciback.hide=(0000:3f:00.0)\n",
    "etc/default/grub": `GRUB_TIMEOUT=5\nSECRET=x\nGRUB_CMDLINE_XEN="dom0_mem=8G,max:8G iommu=no-sharept,verbose loglvl=all guest_loglvl=all"\n`,
    [`${DEVICE}/resource`]: RESOURCE,
    [`${DEVICE}/vendor`]: "0x1af4\n",
    [`${DEVICE}/device`]: "0xbeef\n",
    [`${DEVICE}/class`]: "0x030200\n",
    [`${DEVICE}/numa_node`]: "1\n",
    [`${DEVICE}/remove`]: "must not be touched\n",
    "guest.cfg": XL_CFG,
  };
  for (const [path, text] of Object.entries(files)) await writeFile(join(root, path), text);
  await writeFile(join(root, DEVICE, "config"), Uint8Array.from([0xf4, 0x1a, 0xef, 0xbe, ...Array(60).fill(0)]));
  await symlink("../../../../bus/pci/drivers/pciback", join(root, DEVICE, "driver"));
  await symlink("../../../../kernel/iommu_groups/27", join(root, DEVICE, "iommu_group"));
});

afterAll(() => rm(root, { recursive: true }));

describe("collectHost", () => {
  it("gathers, and the readers run on what it gathered", async () => {
    const document = await collectHost({ root, run, guests: [join(root, "guest.cfg")] });
    const { devices, host, guest, notes } = readInputs([{ name: "host.json", text: JSON.stringify(document) }]);

    expect(devices).toMatchObject([
      { bdf: "0000:3f:00.0", vendorId: 0x1af4, deviceId: 0xbeef, driver: "pciback", iommuGroup: 27, numaNode: 1 },
    ]);
    expect(devices[0]?.bars[1]).toMatchObject({ address: 0x202000000000, size: 64 * 2 ** 30 });
    expect(devices[0]?.bars[1]?.from.file).toContain("host.json#sysfs");
    expect(devices[0]?.msix?.vectors).toBe(9);
    expect(host).toMatchObject({
      xenVersion: { value: "4.16.2", from: { file: "host.json#xlDmesg", line: 1 } },
      virtCaps: { from: { file: "host.json#xlInfo" } },
      kvm: { value: false },
      linuxCmdline: { value: { pcibackHide: ["0000:3f:00.0"] } },
    });
    expect(guest?.memoryMiB).toEqual({ value: 8192, from: { file: "host.json#guest.cfg", line: 2 } });
    expect(notes.filter(({ kind, says }) => kind === "missing" && says.includes("/proc/iomem"))).toHaveLength(1);
    // lspci was written for another driver than the link says: seen and named.
    expect(notes.filter(({ kind }) => kind === "conflict")).toMatchObject([
      { says: expect.stringContaining("driver: pciback") },
    ]);
  });

  it("takes along what it needs and nothing else", async () => {
    const document = await collectHost({ root, run });
    expect(Object.keys(document.sysfs?.["0000:3f:00.0"]?.files ?? {}).sort()).toEqual([
      "class",
      "device",
      "numa_node",
      "resource",
      "vendor",
    ]);
    expect(document.guests).toBeUndefined();
    expect(JSON.stringify(document)).not.toContain("SECRET");
  });

  it("lists all that is missing with the reason, on a host that has nothing", async () => {
    const empty = await mkdtemp(join(tmpdir(), "physmap-empty-"));
    try {
      const document = await collectHost({ root: empty, run: async () => ({ why: "not installed" }) });
      expect(document).toEqual({
        physmap: 1,
        kind: "collect",
        missing: [
          { what: "xl info", why: "not installed" },
          { what: "xl dmesg", why: "not installed" },
          { what: "lspci -D -vvv -nn", why: "not installed" },
          { what: "/proc/iomem", why: "does not exist" },
          { what: "/proc/cmdline", why: "does not exist" },
          { what: "/sys/bus/pci/devices", why: "does not exist" },
        ],
      });
    } finally {
      await rm(empty, { recursive: true });
    }
  });

  it("rejects when a guest configuration that was asked for cannot be read", async () => {
    await expect(collectHost({ root, run, guests: [join(root, "none.cfg")] })).rejects.toThrow(
      /none\.cfg: does not exist/,
    );
  });

  it("tells an absent command from a failing one", async () => {
    expect(await runCommand("physmap-no-such-command", [])).toEqual({ why: "not installed" });
    const script = join(root, "fails");
    await writeFile(script, "#!/bin/sh\necho 'xl: permission denied' >&2\nexit 1\n");
    await chmod(script, 0o755);
    expect(await runCommand(script, [])).toEqual({ why: "xl: permission denied" });
  });
});

describe("collect documents", () => {
  it("come back as they were made", () => {
    const document = makeCollect({
      xlInfo: XL_INFO,
      sysfs: { "0000:3f:00.0": { files: { resource: RESOURCE }, links: { driver: "x/vfio-pci" }, config: "f41a" } },
      guests: [{ name: "g", text: XL_CFG }],
      missing: [],
    });
    expect(readCollect(JSON.stringify(document), "c")).toEqual({ document, notes: [] });
  });

  it("note what was missing and what is not known", () => {
    const text = `{"physmap":1,"kind":"collect","missing":[{"what":"xl dmesg","why":"permission denied"}],"later":1}`;
    expect(readCollect(text, "c").notes).toMatchObject([
      { kind: "missing", says: "not collected: xl dmesg: permission denied" },
      { kind: "unread", says: expect.stringContaining("later") },
    ]);
  });

  it.each([
    ["no JSON", "{"],
    ["another version", `{"physmap":2,"kind":"collect","missing":[]}`],
    ["a number for a text", `{"physmap":1,"kind":"collect","missing":[],"lspci":1}`],
    [
      "bytes that are none",
      `{"physmap":1,"kind":"collect","missing":[],"sysfs":{"0000:3f:00.0":{"files":{},"links":{},"config":"zz"}}}`,
    ],
    ["a list", "[]"],
    ["null", "null"],
  ])("are refused with a note: %s", (_, text) => {
    const { document, notes } = readCollect(text, "c");
    expect(document).toBeNull();
    expect(notes).toMatchObject([{ kind: "unread", from: { file: "c" } }]);
  });

  it("hold prototype keys as data", () => {
    const text = `{"physmap":1,"kind":"collect","missing":[],"__proto__":{"xlInfo":"nr_cpus : 4"},"sysfs":{"__proto__":{"files":{"resource":"x"},"links":{}},"0000:3f:00.0":{"files":{"__proto__":"y"},"links":{}}}}`;
    const { devices, host } = readInputs([{ name: "c", text }]);
    expect(devices.map(({ bdf }) => bdf)).toEqual(["0000:3f:00.0"]);
    expect(host).toEqual({});
    expect(({} as Record<string, unknown>).xlInfo).toBeUndefined();
  });
});
