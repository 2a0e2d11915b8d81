import { type CollectDocument, collectedSysfs, readCollect } from "./collect-document.ts";
import { detectKinds } from "./detect.ts";
import { readIomem } from "./iomem.ts";
import { readLinuxCmdline } from "./linux-cmdline.ts";
import { readLspci } from "./lspci.ts";
import { mergeReadings, type Reading } from "./merge.ts";
import { printable } from "./notes.ts";
import { readSysfsTree } from "./sysfs.ts";
import type { InputKind, Inventory, Note, TextInput } from "./types.ts";
import { readXenCmdline } from "./xen-cmdline.ts";
import { readXlCfg } from "./xl-cfg.ts";
import { readXlDmesg } from "./xl-dmesg.ts";
import { readXlInfo } from "./xl-info.ts";

type Reader = (text: string, file: string) => readonly Reading[];

const READERS: Readonly<Record<InputKind, Reader>> = {
  lspci: (text, file) => [{ kind: "lspci", file, ...readLspci(text, file) }],
  "lspci-hex": (text, file) => [{ kind: "lspci-hex", file, ...readLspci(text, file) }],
  sysfs: (_, file) => [
    unread("sysfs", file, "a resource file alone does not tell its device: give the directory /sys/bus/pci/devices"),
  ],
  iomem: (text, file) => [readIomemFile(text, file)],
  "xl-info": (text, file) => [{ kind: "xl-info", file, ...readXlInfo(text, file) }],
  "xl-dmesg": (text, file) => [{ kind: "xl-dmesg", file, ...readXlDmesg(text, file) }],
  "xl-cfg": (text, file) => [{ kind: "xl-cfg", file, ...readXlCfg(text, file) }],
  "xen-cmdline": (text, file) => [{ kind: "xen-cmdline", file, ...readXenCmdline(text, file) }],
  "linux-cmdline": (text, file) => [{ kind: "linux-cmdline", file, ...readLinuxCmdline(text, file) }],
  collect: (text, file) => {
    const { document, notes } = readCollect(text, file);
    return [{ kind: "collect", file, notes }, ...(document === null ? [] : readCollected(document, file))];
  },
  script: (_, file) => [unread("script", file, 'an operation script is no inventory: "physmap run" runs it')],
  snapshot: (_, file) => [unread("snapshot", file, 'a snapshot is no inventory: "physmap diff" reads it')],
};

/** What `--as` takes. */
export const INPUT_KINDS = Object.keys(READERS) as readonly InputKind[];

/** Kinds that may stand in one text, as in a pasted session; their readers pass over each other's lines. */
const MIXED: readonly InputKind[] = ["lspci", "lspci-hex", "xl-info", "xl-dmesg", "iomem", "linux-cmdline"];
const EXPECTED =
  "lspci -vvv, xl info, xl dmesg, a guest's configuration, a command line, /proc/iomem or a collect document";

/**
 * Reads inputs, each by its forced kind or what its content tells, and merges them (`others` are readings that are no
 * texts, such as a sysfs tree's). What nobody can read is noted as "unread". Never throws.
 */
export function readInputs(inputs: readonly TextInput[], others: readonly Reading[] = []): Inventory {
  return mergeReadings([...others, ...inputs.flatMap(readInput)]);
}

/** What the readers make of one input: one reading a kind that is in it. */
export function readInput({ name, text, kind }: TextInput): readonly Reading[] {
  if (kind !== undefined) return READERS[kind](text, name);
  const [first, ...rest] = detectKinds(text);
  if (first === undefined) {
    const what = text.trim() === "" ? "the input is empty" : "nothing in the text tells what it is";
    return [unread(null, name, `${what}: expected ${EXPECTED}; --as KIND says which`)];
  }
  const mixed = MIXED.includes(first) || first === "xen-cmdline";
  const also = rest.filter((other) => mixed && MIXED.includes(other));
  const left = rest.filter((other) => !also.includes(other));
  const readings = [first, ...also].flatMap((each) => READERS[each](text, name));
  if (left.length === 0) return readings;
  return [
    ...readings,
    unread(
      null,
      name,
      `read as ${[first, ...also].join(", ")}; it also looks like ${left.join(", ")}: give that as a file of its own`,
    ),
  ];
}

const unread = (kind: InputKind | null, file: string, says: string): Reading => {
  const note: Note = { kind: "unread", says, from: { file } };
  return { kind, file, notes: [note] };
};

function readIomemFile(text: string, file: string): Reading {
  const { ranges, hints, notes } = readIomem(text, file);
  const host = ranges.length === 0 ? {} : { iomem: { value: ranges, from: { file } } };
  return { kind: "iomem", file, host, hints, notes };
}

const COLLECTED = [
  ["xlDmesg", "xl-dmesg"],
  ["xlInfo", "xl-info"],
  ["lspci", "lspci"],
  ["iomem", "iomem"],
  ["linuxCmdline", "linux-cmdline"],
  ["xenCmdline", "xen-cmdline"],
] as const;

function readCollected(document: CollectDocument, file: string): readonly Reading[] {
  const texts = COLLECTED.flatMap(([key, kind]) => {
    const text = document[key];
    return text === undefined ? [] : READERS[kind](text, `${file}#${key}`);
  });
  const guests = (document.guests ?? []).flatMap(({ name, text }) =>
    READERS["xl-cfg"](text, `${file}#${printable(name)}`),
  );
  if (document.sysfs === undefined) return [...texts, ...guests];
  const label = `${file}#sysfs`;
  return [{ kind: "sysfs", file: label, ...readSysfsTree(collectedSysfs(document), label) }, ...texts, ...guests];
}
