import { type CfgValue, readCfgStatements } from "./cfg-statements.ts";
import { quote } from "./note-list.ts";
import { type AddNote, fileNotes, source } from "./notes.ts";
import type { GuestConfig, Note, Sourced } from "./types.ts";
import { readPciSpec } from "./xl-pci-spec.ts";

/** Read below, or known to change nothing in how MMIO is mapped. What is in neither is named in a note. */
const WITHOUT_EFFECT = new Set([
  ...["kernel", "ramdisk", "extra", "root", "cmdline", "bootloader", "bootloader_args", "disk", "vif", "vfb", "uuid"],
  ...["on_poweroff", "on_reboot", "on_crash", "boot", "serial", "vnc", "vnclisten", "vncpasswd", "sdl", "keymap"],
  ...["usb", "usbdevice", "localtime", "acpi", "apic", "pae", "nx", "cpus", "cpu_weight", "maxvcpus", "viridian"],
  ...["device_model_override", "device_model_args", "soundhw", "spice", "tsc_mode", "timer_mode", "hpet", "pool"],
]);

type Scalar = Exclude<CfgValue, { kind: "list" }>;

/**
 * Reads a guest's configuration (host-inputs.md 8). Broken statements are noted and left out; without `type` and
 * `builder` the guest is PV. Memory sizes are MiB. Never throws.
 */
export function readXlCfg(
  text: string,
  file: string,
): { readonly guest: GuestConfig; readonly notes: readonly Note[] } {
  const { add, all } = fileNotes(file);
  const { values, broken } = readCfgStatements(text, add);
  const read = new Set<string>();
  const unread = (key: string, expected: string, { line }: CfgValue): undefined => {
    add("unread", `${key}: expected ${expected}`, line);
    return undefined;
  };

  const scalar = (key: string): Scalar | undefined => {
    read.add(key);
    const value = values.get(key);
    return value?.kind === "list" ? unread(key, "a number or a string, not a list", value) : value;
  };
  const sourced = <T>(value: T, { line }: CfgValue): Sourced<T> => ({ value, from: source(file, line) });
  const string = (key: string): Sourced<string> | undefined => {
    const value = scalar(key);
    return value && sourced(value.text, value);
  };
  const number = (key: string, low = 0, high = Number.MAX_SAFE_INTEGER): Sourced<number> | undefined => {
    const value = scalar(key);
    if (value === undefined) return undefined;
    const n = /^(?:0x[0-9a-f]{1,14}|\d{1,16})$/i.test(value.text) ? Number(value.text) : -1;
    if (n >= low && n <= high) return sourced(n, value);
    const range = high === Number.MAX_SAFE_INTEGER ? `of ${low} or more` : `from ${low} to ${high}`;
    return unread(key, `a whole number ${range}, found ${quote(value.text)}`, value);
  };
  /** `words` are strings that some keys take beside numbers. */
  const boolean = (key: string, words: ReadonlyMap<string, boolean> = new Map()): Sourced<boolean> | undefined => {
    const value = scalar(key);
    if (value === undefined) return undefined;
    const word = words.get(value.text);
    if (word !== undefined) return sourced(word, value);
    if (/^(?:0x)?\d{1,9}$/.test(value.text)) return sourced(Number(value.text) !== 0, value);
    return unread(key, `0 or 1, found ${quote(value.text)}`, value);
  };
  const oneOf = <T extends string>(key: string, allowed: readonly T[]): Sourced<T> | undefined => {
    const value = scalar(key);
    if (value === undefined) return undefined;
    const found = allowed.find((word) => word === value.text);
    return found !== undefined
      ? sourced(found, value)
      : unread(key, `one of ${allowed.join(", ")}, found ${quote(value.text)}`, value);
  };
  const list = (key: string): readonly Scalar[] => {
    read.add(key);
    const value = values.get(key);
    if (value === undefined) return [];
    if (value.kind !== "list") {
      unread(key, "a list in brackets", value);
      return [];
    }
    return value.items.flatMap((item) =>
      item.kind === "string" ? [item] : (unread(key, "quoted strings", item) ?? []),
    );
  };

  const firmware = string("firmware");
  const bios = string("bios");
  const vga = string("vga");
  const altp2m = boolean("altp2m", ALTP2M);
  const altp2mhvm = boolean("altp2mhvm");
  const stdvga = boolean("stdvga");
  const optional = {
    name: string("name"),
    type: guestType(
      oneOf("type", ["hvm", "pvh", "pv"]),
      string("builder"),
      values.has("type") || broken.has("type") || broken.has("builder"),
      file,
      add,
    ),
    memoryMiB: number("memory"),
    maxMemMiB: number("maxmem"),
    vcpus: number("vcpus", 1),
    mmioHoleMiB: number("mmio_hole", 256, 3840),
    hap: boolean("hap"),
    shadowMemoryMiB: number("shadow_memory"),
    passthrough: oneOf("passthrough", ["disabled", "enabled", "sync_pt", "share_pt"]),
    firmware: firmware ?? bios,
    nestedHvm: boolean("nestedhvm"),
    altp2m: altp2m ?? altp2mhvm,
    gfxPassthru: boolean("gfx_passthru", new Map([["igd", true]])),
    xenPlatformPci: boolean("xen_platform_pci"),
    vga: vga ?? (stdvga?.value === true ? { value: "stdvga", from: stdvga.from } : undefined),
    videoRamMiB: number("videoram"),
    deviceModelVersion: string("device_model_version"),
  };
  const pci = list("pci").flatMap(({ text: spec, line }) => readPciSpec(spec, file, line, add));
  const iomem = list("iomem").flatMap((item) => iomemRange(item, file) ?? unread("iomem", IOMEM, item) ?? []);

  const others = [...values.keys()].filter((key) => !read.has(key) && !WITHOUT_EFFECT.has(key));
  if (others.length > 0) {
    const named = others.slice(0, 16).map((key) => key.slice(0, 40));
    add("info", `keys that the plan takes no account of: ${named.join(", ")}${others.length > 16 ? ", …" : ""}`);
  }
  return { guest: { ...defined(optional), pci, iomem }, notes: all() };
}

const ALTP2M: ReadonlyMap<string, boolean> = new Map([
  ["disabled", false],
  ["mixed", true],
  ["external", true],
  ["limited", true],
]);

function guestType(
  type: GuestConfig["type"],
  builder: Sourced<string> | undefined,
  given: boolean,
  file: string,
  add: AddNote,
): GuestConfig["type"] {
  if (type !== undefined || given) return type;
  if (builder === undefined) {
    add("assumed", "neither type nor builder is set: the guest is PV, as xl has it");
    return { value: "pv", from: source(file) };
  }
  if (builder.value === "hvm") return { value: "hvm", from: builder.from };
  if (builder.value === "generic" || builder.value === "linux") return { value: "pv", from: builder.from };
  add("unread", `builder: expected hvm, generic or linux, found ${quote(builder.value)}`, builder.from.line);
  return undefined;
}

const IOMEM = "MFN,NUM[@GFN] in hexadecimal";

/** `MFN,NUM[@GFN]`, frames in hexadecimal without 0x (which is let pass). */
function iomemRange({ text, line }: Scalar, file: string): GuestConfig["iomem"] | undefined {
  const match = /^(?:0x)?([0-9a-f]{1,13}),(?:0x)?([0-9a-f]{1,13})(?:@(?:0x)?([0-9a-f]{1,13}))?$/i.exec(text.trim());
  if (match === null) return undefined;
  const [mfn = 0, pages = 0, gfn] = match
    .slice(1)
    .map((part) => (part === undefined ? undefined : Number.parseInt(part, 16)));
  return pages === 0 ? undefined : [{ mfn, pages, gfn: gfn ?? null, from: source(file, line) }];
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the keys that are undefined. */
function defined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}
