import { findBootOptions, XEN_BOOT } from "./boot-line.ts";
import { quote } from "./note-list.ts";
import { fileNotes, source } from "./notes.ts";
import { lines } from "./text.ts";
import type { HostFacts, Note, XenCmdline } from "./types.ts";
import { BOOLEANS, HINTS, LISTS, LOG_LEVELS, RELATED, type Target } from "./xen-options.ts";

/** Xen's command line as read (host-inputs.md 9), and notes on parts that Xen would not take either. */
export interface ParsedXenCmdline {
  readonly cmdline: XenCmdline;
  /** Where the options start, counted from 1. */
  readonly line: number;
  readonly notes: readonly Note[];
}

const TRUE = new Set(["yes", "on", "true", "enable", "1"]);
const FALSE = new Set(["no", "off", "false", "disable", "0"]);

/** The values Xen takes for a boolean (host-inputs.md 9); null for anything else. */
export const xenBoolean = (text: string): boolean | null => (TRUE.has(text) ? true : FALSE.has(text) ? false : null);

/**
 * Reads Xen's command line (host-inputs.md 9): plain option text, a boot loader's line or a grub defaults file. List
 * options that are given several times are applied in order. Unknown parts are noted, never an error. Never throws.
 */
export function parseXenCmdline(text: string, file = "command line"): ParsedXenCmdline {
  const { options, line, others } = findBootOptions(lines(text), XEN_BOOT);
  const { cmdline, notes } = parseXenOptions(options, file, line);
  if (others.length === 0) return { cmdline, line, notes };
  const says = `other boot entries (line ${others.slice(0, 8).join(", ")}) give other options; the first one is taken`;
  return { cmdline, line, notes: [...notes, { kind: "assumed", says, from: source(file, line) }] };
}

/** {@link parseXenCmdline} as a reader of an input file. */
export function readXenCmdline(
  text: string,
  file: string,
): { readonly host: HostFacts; readonly notes: readonly Note[] } {
  const { cmdline, line, notes } = parseXenCmdline(text, file);
  return { host: { xenCmdline: { value: cmdline, from: source(file, line) } }, notes };
}

/** Reads bare option text, as `xl info` and the boot log give it: without the hypervisor's file name. */
export function parseXenOptions(text: string, file: string, line?: number): Omit<ParsedXenCmdline, "line"> {
  const notes = fileNotes(file);
  const values = new Map<Target, boolean>();
  const unread = (says: string) => notes.add("unread", says, line);

  for (const option of text.split(/[ \t\r\n]+/)) {
    if (option === "") continue;
    if (option === "--") {
      notes.add("assumed", "what follows -- belongs to dom0's kernel and is not read", line);
      break;
    }
    const { name, negated, value } = split(option);
    const level = LOG_LEVELS.get(name);
    if (level !== undefined) {
      // lower/upper: messages between the two are shown, but rate limited.
      const shown = (value ?? "").split("/").some((part) => part === "all" || part === "debug");
      values.set(level, shown);
    } else if (BOOLEANS.has(name)) {
      const { target, deprecated } = BOOLEANS.get(name)!;
      const on = switched(negated, value);
      if (on === null) unread(`${quote(option)}: expected a boolean (yes, no, on, off, 1, 0 …)`);
      else values.set(target, on);
      if (deprecated !== undefined) notes.add("info", `${name} is deprecated: use ${deprecated}`, line);
    } else if (LISTS.has(name)) {
      if (value === null) applyPart(name, negated ? "no" : "yes");
      else for (const part of value.split(",")) applyPart(name, part);
    } else if (RELATED.test(name) || HINTS.has(`iommu ${name}`)) {
      unread(`${quote(option)} is no option of Xen's that bears on mapping; it is ignored. ${hint("iommu", name)}`);
    }
  }

  function applyPart(option: string, part: string): void {
    const { bare, parts, open } = LISTS.get(option)!;
    const boolean = xenBoolean(part);
    if (boolean !== null && bare !== undefined) {
      if (bare !== "branchHarden" || !boolean) values.set(bare, boolean);
      return;
    }
    const { name, negated, value } = split(part);
    const row = parts.get(name);
    if (row === undefined) {
      if (open !== true) unread(`${option}= has no part ${quote(part)}; Xen ignores it. ${hint(option, name)}`);
      return;
    }
    if (row.deprecated !== undefined) notes.add("info", `${option}=${name} is deprecated: use ${row.deprecated}`, line);
    const on = switched(negated, value);
    if (on === null) {
      if (row.valued !== true) unread(`${option}=${quote(part)}: expected ${name}, no-${name} or ${name}=<boolean>`);
    } else if (row.target !== undefined) {
      values.set(row.target, row.inverted === true ? !on : on);
      if (row.target === "iommuDebug" && on) values.set("iommuVerbose", true);
    }
  }

  return { cmdline: assemble(text, values), notes: notes.all() };
}

const hint = (option: string, name: string): string =>
  HINTS.get(`${option} ${name}`) ?? "Check the spelling against the command line documentation of this release.";

function split(text: string): { name: string; negated: boolean; value: string | null } {
  const equals = text.indexOf("=");
  const key = equals < 0 ? text : text.slice(0, equals);
  const negated = key.startsWith("no-");
  return { name: negated ? key.slice(3) : key, negated, value: equals < 0 ? null : text.slice(equals + 1) };
}

/** `no-name=value` is neither form, hence null. */
function switched(negated: boolean, value: string | null): boolean | null {
  if (value === null) return !negated;
  return negated ? null : xenBoolean(value);
}

function assemble(text: string, values: ReadonlyMap<Target, boolean>): XenCmdline {
  const get = (target: Target): boolean | null => values.get(target) ?? null;
  return {
    text,
    iommu: get("iommu"),
    sharept: get("sharept"),
    superpages: get("superpages"),
    snoop: get("snoop"),
    iommuVerbose: get("iommuVerbose"),
    iommuDebug: get("iommuDebug"),
    hap: get("hap"),
    hap2mb: get("hap2mb"),
    hap1gb: get("hap1gb"),
    eptExecSp: get("eptExecSp"),
    eptAd: get("eptAd"),
    altp2m: get("altp2m"),
    branchHarden: get("branchHarden"),
    dom0Pvh: get("dom0Pvh"),
    dom0Shadow: get("dom0Shadow"),
    dom0Iommu: {
      passthrough: get("dom0Iommu.passthrough"),
      strict: get("dom0Iommu.strict"),
      mapInclusive: get("dom0Iommu.mapInclusive"),
      mapReserved: get("dom0Iommu.mapReserved"),
      none: get("dom0Iommu.none"),
    },
    loglvlAll: get("loglvlAll"),
    guestLoglvlAll: get("guestLoglvlAll"),
  };
}
