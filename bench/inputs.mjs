/** Inputs of the benchmarks: made, not kept. */

const GIB = 2 ** 30;
const hex = (n) => n.toString(16);
const size = (bytes) => (bytes >= GIB ? `${bytes / GIB}G` : `${bytes / 2 ** 20}M`);

const device = (bus, address, bytes) =>
  [
    `${hex(bus)}:00.0 3D controller [0302]: Example Corporation Accelerator [1af4:1110]`,
    `\tRegion 0: Memory at ${hex(address)} (64-bit, prefetchable) [size=${size(bytes)}]`,
    "\tKernel driver in use: pciback",
    "",
  ].join("\n");

const guest = (buses) => `type = "hvm"
memory = 8192
shadow_memory = 131072
pci = [ ${buses.map((bus) => `"${hex(bus)}:00.0"`).join(", ")} ]
`;

const BUSES = Array.from({ length: 8 }, (_, i) => 0x80 + i);

/** 8 devices of 256 GiB: their files, and options that put each BAR one page off, so that all is 4 KiB. */
export const EIGHT = {
  files: {
    "lspci.txt": BUSES.map((bus, i) => device(bus, 2 ** 45 + i * 256 * GIB, 256 * GIB)).join(""),
    "guest.cfg": guest(BUSES),
  },
  options: [
    ...["--xen", "4.17.5", "--cmdline", "iommu=no-sharept", "--phys-bits", "46", "--json"],
    ...BUSES.flatMap((bus, i) => ["--bar-address", `${hex(bus)}:00.0:0=0x${hex(2 ** 44 + 4096 + i * 256 * GIB)}`]),
  ],
  entries: 536_870_912,
};

/** One device with a BAR of this many bytes, in 4 KiB entries. */
export const oneDevice = (bytes) => ({
  texts: [
    { name: "lspci.txt", text: device(0x80, 2 ** 46, bytes) },
    { name: "guest.cfg", text: guest([0x80]) },
  ],
  keys: {
    xen: "4.17.5",
    cmdline: "iommu=no-sharept",
    physBits: 48,
    barAddresses: [{ bdf: "0000:80:00.0", index: 0, address: 2 ** 45 + 4096 }],
  },
  /** The same keys on the command line. */
  options: [
    ...["--xen", "4.17.5", "--cmdline", "iommu=no-sharept", "--phys-bits", "48", "--json"],
    ...["--bar-address", `80:00.0:0=0x${hex(2 ** 45 + 4096)}`],
  ],
});

/** A listing of so many bytes: one function after the other, each like the given one, at addresses of their own. */
export function longLspci(block, bytes) {
  const address = (i) => `${hex(i >> 8).padStart(2, "0")}:${hex((i >> 3) & 31).padStart(2, "0")}.${i & 7}`;
  const count = Math.ceil(bytes / block.length);
  return Array.from({ length: count }, (_, i) => block.replace("82:00.0", address(i))).join("\n");
}

const RELEASES = ["4.11.0", "4.12.1", "4.17.5", "4.14.3", "4.19.2", "4.13.1", "4.16.0", "4.8.5"];
const CMDLINES = ["", "iommu=verbose", "iommu=no-sharept", "hap_2mb=0"];

/**
 * Lines of a batch: a P40 host each, of so many kinds that differ in release, command line, processor, address of the
 * large BAR and, from the 25th on, the guest's memory. Every host and every guest has a name of its own.
 */
export function* fleet(texts, hosts, kinds) {
  for (let i = 0; i < hosts; i++) {
    const kind = (i * 7919) % kinds;
    const address = hex(0x383800000000 + (kind % 97) * 32 * GIB);
    const inputs = texts.map(({ name, text }) => ({
      name,
      text: text
        .replace("383800000000", address)
        .replace(/^memory = (\d+)/m, (_, mib) => `memory = ${Number(mib) + 64 * Math.floor(kind / 24)}`)
        .replace("gpu-host", `gpu-host-${i}`)
        .replace("gpu-guest", `gpu-guest-${i}`),
    }));
    const cpu = kind % 5 === 4 ? { cpu: "amd" } : {};
    const keys = { xen: RELEASES[kind % 8], cmdline: CMDLINES[(kind >> 3) % 4], ...cpu };
    yield `${JSON.stringify({ physmap: 1, kind: "batch-host", name: `host-${i}`, inputs, keys })}\n`;
  }
}
