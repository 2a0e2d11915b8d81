import { parseBdf } from "../inventory/bdf.ts";
import { quote } from "../inventory/note-list.ts";
import type { BarAddress, Passthrough, ScenarioKeys } from "./scenario.ts";

type Parsed = ScenarioKeys | string;
type Reader = (value: string) => Parsed;

/** One of a list of words, or a sentence. */
const word =
  <T extends string>(words: readonly T[], key: (value: T) => ScenarioKeys): Reader =>
  (value) =>
    (words as readonly string[]).includes(value)
      ? key(value as T)
      : `expected ${words.join(" or ")}, found ${quote(value)}`;

const number =
  (least: number, most: number, key: (value: number) => ScenarioKeys): Reader =>
  (value) => {
    const parsed = Number(value);
    return value.trim() !== "" && Number.isInteger(parsed) && parsed >= least && parsed <= most
      ? key(parsed)
      : `expected a whole number from ${least} to ${most}, found ${quote(value)}`;
  };

const SWITCH = ["on", "off"] as const;
const PASSTHROUGH: readonly Passthrough[] = ["disabled", "enabled", "share_pt", "sync_pt"];

/** The scenario keys by the names that options and `--with` use (contract, "Command line"). */
export const SCENARIO_KEYS: Readonly<
  Record<string, { readonly read: Reader; readonly value: string; readonly says: string }>
> = {
  xen: { read: (xen) => ({ xen }), value: "RELEASE", says: "Xen's release: 4.7 to 4.22, 4.17.5, 4.12-tip, as-posted" },
  cpu: { read: word(["intel", "amd"], (cpu) => ({ cpu })), value: "intel|amd", says: "the host's processor" },
  cmdline: { read: (cmdline) => ({ cmdline }), value: "TEXT", says: "Xen's command line, verbatim" },
  guest: {
    read: word(["hvm", "pvh", "pv"], (guest) => ({ guest })),
    value: "hvm|pvh|pv",
    says: "kind of guest (pvh: a PVH dom0)",
  },
  hap: {
    read: word(SWITCH, (hap) => ({ hap: hap === "on" })),
    value: "on|off",
    says: "hardware-assisted paging for the guest",
  },
  passthrough: {
    read: word(PASSTHROUGH, (passthrough) => ({ passthrough })),
    value: "MODE",
    says: `xl.cfg's passthrough=: ${PASSTHROUGH.join(", ")}`,
  },
  "phys-bits": {
    read: number(32, 52, (physBits) => ({ physBits })),
    value: "N",
    says: "physical address bits that the guest sees",
  },
  "guest-kernel": {
    read: word(["linux<6.15", "linux>=6.15", "windows", "freebsd", "unknown"], (guestKernel) => ({ guestKernel })),
    value: "KERNEL",
    says: "linux<6.15, linux>=6.15, windows, freebsd: how often a boot maps again",
  },
  "mmio-hole": {
    read: number(256, 3840, (mmioHoleMiB) => ({ mmioHoleMiB })),
    value: "MIB",
    says: "xl.cfg's mmio_hole=",
  },
  memory: { read: number(4, 2 ** 28, (memoryMiB) => ({ memoryMiB })), value: "MIB", says: "xl.cfg's memory=" },
  "shadow-memory": {
    read: number(0, 2 ** 24, (shadowMemoryMiB) => ({ shadowMemoryMiB })),
    value: "MIB",
    says: "xl.cfg's shadow_memory=, the paging pool",
  },
  vcpus: { read: number(1, 4096, (vcpus) => ({ vcpus })), value: "N", says: "the guest's vCPUs" },
  cpus: { read: number(1, 65536, (cpus) => ({ cpus })), value: "N", says: "the host's CPUs" },
  "mmio-1g": {
    read: word(SWITCH, (value) => ({ mmio1g: value === "on" })),
    value: "on|off",
    says: "what if: the 1 GiB branch that no release has switched on",
  },
  "bar-address": { read: barAddress, value: "BDF:INDEX=0x…", says: "put a BAR at this guest address" },
  device: { read: (device) => ({ devices: [device] }), value: "BDF", says: "plan this device (repeatable)" },
};

function barAddress(value: string): Parsed {
  const match = /^([0-9a-f:.]{7,16}):(\d)=(0x[0-9a-f]{1,16})$/i.exec(value);
  const bdf = match && parseBdf(match[1]!);
  if (!match || !bdf) return `expected BDF:INDEX=0x…, such as 82:00.0:1=0x800000000, found ${quote(value)}`;
  const address = Number(match[3]);
  if (address >= 2 ** 52 || address % 4096 !== 0)
    return `the guest address must be a multiple of 4096 below 2^52, found ${match[3]}`;
  return { barAddresses: [{ bdf, index: Number(match[2]), address } satisfies BarAddress] };
}

/** Later keys win; lists grow. */
export const mergeKeys = (a: ScenarioKeys, b: ScenarioKeys): ScenarioKeys => ({
  ...a,
  ...b,
  ...(a.devices || b.devices ? { devices: [...(a.devices ?? []), ...(b.devices ?? [])] } : {}),
  ...(a.barAddresses || b.barAddresses ? { barAddresses: [...(a.barAddresses ?? []), ...(b.barAddresses ?? [])] } : {}),
});

/** Keys that change a scenario: they win, and other devices replace the former, but a BAR's new address adds to others. */
export const overlayKeys = (keys: ScenarioKeys, change: ScenarioKeys): ScenarioKeys => ({
  ...mergeKeys(keys, change),
  ...(change.devices ? { devices: change.devices } : {}),
});

/** One key by name. Returns a sentence when there is no such key or the value is wrong. */
export function parseKey(name: string, value: string): Parsed {
  const known = new Map(Object.entries(SCENARIO_KEYS)).get(name);
  return known
    ? known.read(value)
    : `no scenario key ${quote(name)}; there are ${Object.keys(SCENARIO_KEYS).join(", ")}`;
}

/**
 * `KEY=VALUE,KEY=VALUE…` as `--with` takes it. A command line holds commas and equal signs itself, so a comma begins a
 * new key only where a known key and `=` follow it.
 */
export function parseKeys(text: string): Parsed {
  const names = Object.keys(SCENARIO_KEYS).join("|");
  const parts = text.split(new RegExp(`,(?=(?:${names})=)`));
  let keys: ScenarioKeys = {};
  for (const part of parts) {
    const equals = part.indexOf("=");
    if (equals < 0) return `expected KEY=VALUE, found ${quote(part)}`;
    const parsed = parseKey(part.slice(0, equals), part.slice(equals + 1));
    if (typeof parsed === "string") return parsed;
    keys = mergeKeys(keys, parsed);
  }
  return keys;
}
