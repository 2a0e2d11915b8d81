import { combineDevices } from "./combine.ts";
import { deviceConflicts } from "./device-conflicts.ts";
import type { IomemHint } from "./iomem.ts";
import { listDevices } from "./note-list.ts";
import { printable, where } from "./notes.ts";
import type { Bdf, GuestConfig, HostFacts, InputKind, Inventory, Note, PciDevice, Sourced } from "./types.ts";

/** What one reader made of one input. */
export interface Reading {
  /** null: told by nothing. */
  readonly kind: InputKind | null;
  readonly file: string;
  readonly devices?: readonly PciDevice[];
  readonly hints?: readonly IomemHint[];
  readonly host?: HostFacts;
  readonly guest?: GuestConfig;
  readonly notes: readonly Note[];
}

/** General rule 4 of host-inputs.md: what has sizes before what has none. */
const DEVICE_ORDER: readonly InputKind[] = ["sysfs", "lspci", "lspci-hex"];
/** The boot log is the most reliable on what it prints (host-inputs.md 7), a file may differ from what was booted. */
const HOST_ORDER: readonly InputKind[] = ["xl-dmesg", "xl-info"];
/** virt_caps tells what came out in the end, the log's line is printed before HVM is set up (host-inputs.md 6 and 7). */
const SHARING_ORDER: readonly InputKind[] = ["xl-info", "xl-dmesg"];

/** Readings as one inventory. Each disagreement is settled by the order of preference, and noted. Never throws. */
export function mergeReadings(readings: readonly Reading[]): Inventory {
  const notes: Note[] = readings.flatMap((reading) => reading.notes);
  const devices = mergeDevices(readings, notes);
  const host = mergeHosts(readings, notes);
  const guests = readings.filter(({ guest }) => guest !== undefined);
  const [first, ...rest] = guests;
  for (const { file } of rest)
    notes.push({
      kind: "conflict",
      says: `a second guest configuration: ${first!.file} is used, ${file} is not`,
      from: { file },
    });
  return {
    devices,
    host,
    guest: first?.guest ?? null,
    notes: notes.map((note) => ({ ...note, says: printable(note.says) })),
  };
}

/** By preference; inputs of one kind keep the order they were given in. */
const ranked = (readings: readonly Reading[], order: readonly Reading["kind"][]): readonly Reading[] => {
  const rank = ({ kind }: Reading): number => (order.includes(kind) ? order.indexOf(kind) : order.length);
  return readings.toSorted((a, b) => rank(a) - rank(b));
};

function mergeDevices(readings: readonly Reading[], notes: Note[]): readonly PciDevice[] {
  const merged = new Map<Bdf, PciDevice>();
  for (const device of ranked(readings, DEVICE_ORDER).flatMap((reading) => reading.devices ?? [])) {
    const known = merged.get(device.bdf);
    if (known !== undefined) notes.push(...deviceConflicts(known, device));
    merged.set(device.bdf, known === undefined ? device : combineDevices(known, device));
  }
  for (const hint of readings.flatMap((reading) => reading.hints ?? [])) {
    const known = merged.get(hint.bdf);
    if (known !== undefined) merged.set(hint.bdf, withHint(known, hint, notes));
  }
  const hinted = new Set(readings.flatMap(({ hints = [] }) => hints.map(({ bdf }) => bdf)));
  const alone = [...hinted].filter((bdf) => !merged.has(bdf));
  if (alone.length > 0)
    notes.push({ kind: "missing", says: `only /proc/iomem knows ${listDevices(alone)}: lspci -vvv tells the BARs` });
  return [...merged.values()].sort((a, b) => compareBdf(a.bdf, b.bdf));
}

/** Longer domains last. */
const compareBdf = (a: Bdf, b: Bdf): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);

/** /proc/iomem gives a BAR at the same address its size, where no reader of devices knew it. */
function withHint(device: PciDevice, { address, size, from }: IomemHint, notes: Note[]): PciDevice {
  const bar = device.bars.find((candidate) => candidate.kind === "memory" && candidate.address === address);
  if (bar === undefined || bar.size === size) return device;
  if (bar.size !== null) {
    const says = `${device.bdf} BAR ${bar.index}: ${bar.size} bytes (${where(bar.from)}), ${size} bytes (${where(from)}); the first is taken`;
    notes.push({ kind: "conflict", says, from });
    return device;
  }
  return { ...device, bars: device.bars.map((other) => (other === bar ? { ...bar, size } : other)) };
}

type Fact = Exclude<keyof HostFacts, "observedBars">;

function mergeHosts(readings: readonly Reading[], notes: Note[]): HostFacts {
  const facts = new Map<Fact, Sourced<unknown>>();
  const collect = (order: readonly InputKind[], wanted: (fact: Fact) => boolean): void => {
    for (const { host = {} } of ranked(readings, order)) {
      for (const fact of (Object.keys(host) as (keyof HostFacts)[]).filter((key) => key !== "observedBars")) {
        const found = host[fact];
        if (found === undefined || !wanted(fact)) continue;
        const known = facts.get(fact);
        if (known === undefined) facts.set(fact, found);
        else if (comparable(known.value) !== comparable(found.value)) notes.push(factConflict(fact, known, found));
      }
    }
  };
  collect(HOST_ORDER, (fact) => fact !== "sharedTables");
  collect(SHARING_ORDER, (fact) => fact === "sharedTables");
  const observedBars = readings.flatMap(({ host }) => host?.observedBars ?? []);
  // Each fact was put in under its own name.
  const host = Object.fromEntries(facts) as HostFacts;
  return observedBars.length === 0 ? host : { ...host, observedBars };
}

const isCommandLine = (value: unknown): value is { readonly text: string } =>
  typeof value === "object" && value !== null && "text" in value && typeof value.text === "string";

/** Command lines are equal where all that is read of them is: boot loaders add words of their own (`placeholder`). */
const comparable = (value: unknown): string => JSON.stringify(isCommandLine(value) ? { ...value, text: null } : value);

function factConflict(fact: Fact, known: Sourced<unknown>, found: Sourced<unknown>): Note {
  const shown = ({ value, from }: Sourced<unknown>): string =>
    `${cut(isCommandLine(value) ? value.text : JSON.stringify(value))} (${where(from)})`;
  return { kind: "conflict", says: `${fact}: ${shown(known)}, ${shown(found)}; the first is taken`, from: found.from };
}

const cut = (text: string): string => (text.length > 120 ? `${text.slice(0, 117)}...` : text);
