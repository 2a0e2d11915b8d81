import { quote } from "./note-list.ts";
import { type AddNote, fileNotes, source } from "./notes.ts";
import { lines } from "./text.ts";
import type { HostFacts, Note, Sourced } from "./types.ts";
import { parseXenOptions } from "./xen-cmdline.ts";
import { atLeast, releaseText } from "./xen-version.ts";

interface Field {
  readonly value: string;
  readonly line: number;
}

const KEY_LINE = /^[ \t]{0,8}([a-z][a-z0-9_]{0,30})[ \t]{0,40}:(?:[ \t]|$)/;
/** Keys whose values are long enough for mail to wrap them. */
const WRAPPED = new Set(["xen_commandline", "virt_caps", "xen_caps"]);
const WRAP_WIDTH = 60;
/** A line with a shell prompt is no continuation. */
const PROMPT = /[#$%>] |^\S{1,60}@/;

/**
 * Reads `xl info` (host-inputs.md 6). The release is put together from major, minor and extra. `iommu_hap_pt_share` in
 * virt_caps, or its absence beside `hvm_directio` from 4.13 on, tells whether IOMMU tables may be shared; earlier
 * releases never print it, so nothing follows there. Never throws.
 */
export function readXlInfo(text: string, file: string): { readonly host: HostFacts; readonly notes: readonly Note[] } {
  const list = fileNotes(file);
  const fields = readFields(text, list.add);
  const sourced = <T>(value: T, { line }: Field): Sourced<T> => ({ value, from: source(file, line) });

  const number = (key: string): Sourced<number> | undefined => {
    const field = fields.get(key);
    if (field === undefined) return undefined;
    if (/^\d{1,15}(?:\.\d{1,9})?$/.test(field.value)) return sourced(Number(field.value), field);
    list.add("unread", `${key}: expected a decimal number, found ${quote(field.value)}`, field.line);
    return undefined;
  };

  const version = releaseField(fields, list.add);
  const commandLine = fields.get("xen_commandline");
  const parsed = commandLine === undefined ? undefined : parseXenOptions(commandLine.value, file, commandLine.line);
  const caps = fields.get("virt_caps");
  const words = caps === undefined ? [] : caps.value.split(/[ \t]+/).filter((word) => word !== "");
  const arm = /aarch64|armv7/.test(fields.get("xen_caps")?.value ?? "");
  if (arm) list.add("info", "this is an Arm host; only x86 is modelled", fields.get("xen_caps")?.line);

  const shares = words.includes("iommu_hap_pt_share");
  const from413 = version !== undefined && atLeast(version.value, 4, 13);
  const tells = shares || (words.includes("hvm_directio") && from413);
  const hap = words.includes("hap") ? true : words.includes("hvm") && from413 ? false : undefined;
  const cpus = number("nr_cpus");
  const cpuMhz = number("cpu_mhz");
  const totalMemoryMiB = number("total_memory");
  const dom0Kernel = fields.get("release");

  const host: HostFacts = {
    ...(version && { xenVersion: sourced(version.value, version) }),
    ...(commandLine && parsed && { xenCmdline: sourced(parsed.cmdline, commandLine) }),
    ...(caps && { virtCaps: sourced(words, caps) }),
    ...(caps && words.includes("hvm_directio") && { iommuEnabled: sourced(true, caps) }),
    ...(caps && tells && { sharedTables: sourced(shares, caps) }),
    // On x86 only VT-d shares with the P2M (host-inputs.md 9.1).
    ...(caps && shares && !arm && { cpu: sourced("intel" as const, caps) }),
    ...(caps && hap !== undefined && { hapDetected: sourced(hap, caps) }),
    ...(cpus && { cpus }),
    ...(cpuMhz && { cpuMhz }),
    ...(totalMemoryMiB && { totalMemoryMiB }),
    ...(dom0Kernel && dom0Kernel.value !== "" && { dom0Kernel: sourced(dom0Kernel.value, dom0Kernel) }),
  };
  return { host, notes: [...list.all(), ...(parsed?.notes ?? [])] };
}

function readFields(text: string, add: AddNote): ReadonlyMap<string, Field> {
  const fields = new Map<string, Field>();
  let open: string | undefined;
  let width = 0;
  for (const { text: raw, line } of lines(text, { onCut: (says, at) => add("missing", says, at) })) {
    const key = KEY_LINE.exec(raw)?.[1];
    if (key === undefined) {
      const before = open === undefined ? undefined : fields.get(open);
      if (open !== undefined && before !== undefined && width >= WRAP_WIDTH && raw.trim() !== "" && !PROMPT.test(raw)) {
        add("assumed", `this line is taken for the rest of ${open}`, line);
        fields.set(open, { value: `${before.value} ${raw.trim()}`, line: before.line });
        width = raw.trimEnd().length;
      } else open = undefined;
      continue;
    }
    const value = raw.slice(raw.indexOf(":") + 1).trim();
    const before = fields.get(key);
    if (before === undefined) fields.set(key, { value, line });
    else if (before.value !== value)
      add("conflict", `${key} is given twice, ${quote(before.value)} (line ${before.line}) is kept`, line);
    open = before === undefined && WRAPPED.has(key) ? key : undefined;
    width = raw.trimEnd().length;
  }
  return fields;
}

function releaseField(fields: ReadonlyMap<string, Field>, add: AddNote): Field | undefined {
  const major = fields.get("xen_major");
  const minor = fields.get("xen_minor");
  const whole = fields.get("xen_version");
  if (major === undefined || minor === undefined) return whole?.value === "" ? undefined : whole;
  if (!/^\d{1,4}$/.test(major.value) || !/^\d{1,4}$/.test(minor.value)) {
    add("unread", `xen_major ${quote(major.value)}, xen_minor ${quote(minor.value)}: expected numbers`, major.line);
    return whole;
  }
  const extra = fields.get("xen_extra")?.value;
  if (extra === undefined && whole?.value.startsWith(`${major.value}.${minor.value}`) === true) return whole;
  const value = releaseText(major.value, minor.value, extra ?? "");
  if (whole !== undefined && whole.value !== value)
    add(
      "conflict",
      `xen_version ${quote(whole.value)} differs from major, minor and extra: ${value} is taken`,
      whole.line,
    );
  return { value, line: major.line };
}
