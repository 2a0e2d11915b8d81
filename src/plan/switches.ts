import { hex } from "../address.ts";
import type { Release } from "../xen/release.ts";
import type { Carried } from "./carry-out.ts";
import { addWord, dropOff, dropOption, dropPart } from "./cmdline.ts";
import type { Scenario, ScenarioKeys } from "./scenario.ts";

/** A switch that the user could turn. */
export interface Switch {
  readonly keys: ScenarioKeys;
  /** The same as `--with` takes it. */
  readonly change: Readonly<Record<string, string>>;
  readonly says: string;
  /** The exact line to write, and where. */
  readonly write: { readonly where: string; readonly line: string };
}

/** A switch on Xen's command line. */
interface BootSwitch {
  readonly applies: (scenario: Scenario) => boolean;
  readonly edit: (cmdline: string) => string;
  readonly says: string;
}

const BOOT_SWITCHES: readonly BootSwitch[] = [
  {
    applies: ({ options, cpu }) => !options.sharept && cpu === "intel",
    edit: (line) => dropPart(line, "iommu", "sharept"),
    says: "let the IOMMU share the P2M's tables (drop iommu=no-sharept)",
  },
  {
    applies: ({ options }) => !options.hap2mb,
    edit: (line) => dropOption(line, "hap_2mb"),
    says: "allow 2 MiB P2M entries (drop hap_2mb=0)",
  },
  {
    applies: ({ options, iommu }) => !options.hap1gb && iommu?.kind === "vtd" && iommu.has1g,
    edit: (line) => dropOption(line, "hap_1gb"),
    says: "allow 1 GiB P2M entries, so that EPT and VT-d have the same sizes and can share tables (drop hap_1gb=0)",
  },
  {
    applies: ({ options, iommu, has1g, cpu }) =>
      options.hap1gb && options.sharept && has1g && cpu === "intel" && iommu !== null && !iommu.has1g && iommu.has2m,
    edit: (line) => addWord(line, "hap_1gb=0"),
    says: "do without 1 GiB P2M entries, which this VT-d lacks, so that it can share the P2M's tables (add hap_1gb=0)",
  },
  {
    applies: ({ options }) => !options.hap,
    edit: (line) => dropOption(line, "hap"),
    says: "allow hardware-assisted paging (drop hap=0)",
  },
  {
    applies: ({ options, release }) => !options.superpages && release.iommuSuperpages,
    edit: (line) => dropPart(line, "iommu", "superpages"),
    says: "allow superpages in the IOMMU's tables (drop iommu=no-superpages)",
  },
  {
    applies: ({ options }) => !options.iommu,
    edit: (line) => dropOff(line, "iommu"),
    says: "let Xen use the IOMMU",
  },
];

/** A switch of the guest's. */
const GUEST_SWITCHES: readonly (Switch & { readonly applies: (now: Carried) => boolean })[] = [
  {
    applies: ({ scenario: { guest, hapPresent } }) => !guest.hap && guest.kind === "hvm" && hapPresent,
    keys: { hap: true },
    change: { hap: "on" },
    says: "use hardware-assisted paging for the guest",
    write: { where: "xl.cfg", line: "hap = 1" },
  },
  {
    applies: ({ scenario: { guest, cpu } }) => guest.passthrough === "sync_pt" && cpu === "intel" && guest.hap,
    keys: { passthrough: "share_pt" },
    change: { passthrough: "share_pt" },
    says: "share the P2M's tables with the IOMMU",
    write: { where: "xl.cfg", line: 'passthrough = "share_pt"' },
  },
  {
    applies: ({ scenario: { guest }, simulation }) =>
      simulation.devices.some(({ boot }) => boot.deletes > 1) && /^(?:linux|unknown)/.test(guest.kernel),
    keys: { guestKernel: "linux>=6.15" },
    change: { "guest-kernel": "linux>=6.15" },
    says: "run Linux 6.15 or later in the guest: it sizes all BARs with one removal and one mapping",
    write: { where: "the guest", line: "Linux 6.15" },
  },
];

/**
 * Releases in which something that mapping costs time for became cheaper: superpages without sharing (4.12), decoding
 * switched on once by hvmloader and the subset rule for sharing (4.14), no cache flushes (4.17).
 */
const TURNING_POINTS: readonly number[] = [12, 14, 17];

/** Later releases that might help, oldest first. */
export const laterReleases = ({ minor: now }: Pick<Release, "minor">): readonly Switch[] =>
  TURNING_POINTS.filter((minor) => minor > now).map((minor) => ({
    keys: { xen: `4.${minor}` },
    change: { xen: `4.${minor}` },
    says: `run Xen 4.${minor} or later`,
    write: { where: "the host", line: `Xen 4.${minor}` },
  }));

/** BARs for which another guest address is tried. */
const MOST_ADDRESSES = 3;

/** Every switch but the release that might help in this scenario: at most some dozen. */
export function switches(now: Carried): readonly Switch[] {
  const { scenario } = now;
  const { cmdline } = scenario;
  const list: Switch[] = [];
  for (const { applies, edit, says } of BOOT_SWITCHES) {
    if (!applies(scenario)) continue;
    const line = edit(cmdline);
    list.push({
      keys: { cmdline: line },
      change: { cmdline: line },
      says,
      write: { where: "Xen command line", line: line === "" ? "(empty)" : line },
    });
  }
  for (const { applies, ...rest } of GUEST_SWITCHES) if (applies(now)) list.push(rest);
  return [...list, ...betterAddresses(now)];
}

/** Guest addresses that are multiples of the BAR's size, as the machine's are, for the largest BARs put elsewhere. */
function betterAddresses({ scenario, layout }: Carried): readonly Switch[] {
  if (scenario.guest.kind !== "hvm") return [];
  return layout.devices
    .flatMap(({ device, bars }) => bars.map(({ bar, guest }) => ({ bdf: device.bdf, bar, guest, size: bar.size ?? 0 })))
    .filter(({ bar, guest, size }) => size >= 2 ** 21 && guest !== null && (guest - (bar.address ?? 0)) % 2 ** 21 !== 0)
    .sort((a, b) => b.size - a.size)
    .slice(0, MOST_ADDRESSES)
    .map(({ bdf, bar: { index }, guest, size }) => {
      const address = Math.ceil((guest ?? 0) / size) * size;
      const place = `${bdf} BAR ${index}`;
      return {
        keys: { barAddresses: [{ bdf, index, address }] },
        change: { "bar-address": `${bdf}:${index}=${hex(address)}` },
        says: `place ${place} at a multiple of its size`,
        write: { where: "what places the BAR", line: `${place} at ${hex(address)}` },
      };
    });
}

/** What a plan may advise, for the catalogue: on Xen's command line, in the guest, by release. */
export const ADVICE_CATALOGUE = {
  cmdline: BOOT_SWITCHES.map(({ says }) => says),
  guest: GUEST_SWITCHES.map(({ says, write }) => `${says} (${write.where}: ${write.line})`),
  releases: TURNING_POINTS.map((minor) => `4.${minor}`),
} as const;
