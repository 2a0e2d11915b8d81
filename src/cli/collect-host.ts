import { execFile } from "node:child_process";
import { open, readdir, readlink } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  type CollectDocument,
  type CollectedDevice,
  makeCollect,
  parseBdf,
  parseXenCmdline,
} from "../inventory/index.ts";

/** A command's output, or why there is none. */
export type RunResult = { readonly stdout: string } | { readonly why: string };
export type Run = (command: string, args: readonly string[]) => Promise<RunResult>;

export interface CollectOptions {
  /** Where `/sys`, `/proc` and `/etc` are. Default `/`. */
  readonly root?: string;
  readonly run?: Run;
  /** Guest configurations to take along. Only those named: they may hold passwords. */
  readonly guests?: readonly string[];
}

type Missing = CollectDocument["missing"][number];

const KIB = 1024;
const ATTRIBUTE_BYTES = 16 * KIB;
const CONFIG_BYTES = 4 * KIB;
const TEXT_BYTES = 8 * KIB * KIB;
const OUTPUT_BYTES = 32 * KIB * KIB;
const TIMEOUT_MS = 30_000;
const MAX_DEVICES = 65_536;
const DEVICES = "sys/bus/pci/devices";
const FILES =
  /^(?:resource|vendor|device|class|subsystem_vendor|subsystem_device|numa_node|sriov_[a-z_]{1,32}|resource\d{1,2}_resize)$/;
const LINKS = /^(?:driver|iommu_group|physfn|virtfn\d{1,5})$/;

const COMMANDS = [
  ["xlInfo", "xl", ["info"]],
  ["xlDmesg", "xl", ["dmesg"]],
  ["lspci", "lspci", ["-D", "-vvv", "-nn"]],
] as const;
const TEXTS = [
  ["iomem", "proc/iomem"],
  ["linuxCmdline", "proc/cmdline"],
] as const;

/**
 * Gathers from a host what a plan needs, read-only and as far as the user's rights allow. What could not be read is
 * listed in `missing` with the reason. Rejects only where a guest configuration that was asked for cannot be read.
 */
export async function collectHost(options: CollectOptions = {}): Promise<CollectDocument> {
  const { root = "/", run = runCommand, guests = [] } = options;
  const missing: Missing[] = [];
  const parts: { -readonly [K in keyof CollectDocument]?: CollectDocument[K] } = {};

  for (const [key, command, args] of COMMANDS) {
    const result = await run(command, args);
    const why = "why" in result ? result.why : result.stdout.trim() === "" ? "no output" : undefined;
    if ("stdout" in result && why === undefined) parts[key] = result.stdout;
    else missing.push({ what: [command, ...args].join(" "), why: why ?? "no output" });
  }
  for (const [key, path] of TEXTS) {
    const text = await readText(join(root, path), TEXT_BYTES);
    if ("text" in text) parts[key] = text.text.trimEnd();
    else missing.push({ what: `/${path}`, why: text.why });
  }
  const grub = await readText(join(root, "etc/default/grub"), TEXT_BYTES);
  if ("text" in grub && grub.text.includes("GRUB_CMDLINE_XEN"))
    parts.xenCmdline = parseXenCmdline(grub.text).cmdline.text;
  const sysfs = await collectDevices(join(root, DEVICES), missing);
  if (sysfs !== undefined) parts.sysfs = sysfs;

  const configurations = [];
  for (const path of guests) {
    const text = await readText(path, TEXT_BYTES);
    if ("why" in text) throw new Error(`${path}: ${text.why}; name a readable guest configuration`);
    configurations.push({ name: basename(path), text: text.text });
  }
  if (configurations.length > 0) parts.guests = configurations;
  const { physmap: _version, kind: _kind, missing: _missing, ...texts } = parts;
  return makeCollect({ ...texts, missing });
}

/** The devices of a `bus/pci/devices` folder; undefined where it cannot be read, which `missing` tells. */
export async function collectDevices(path: string, missing: Missing[]): Promise<CollectDocument["sysfs"]> {
  const names = await namesIn(path);
  if ("why" in names) {
    missing.push({ what: `/${DEVICES}`, why: names.why });
    return undefined;
  }
  const bdfs = names.names.filter((name) => parseBdf(name) !== null).sort();
  if (bdfs.length > MAX_DEVICES)
    missing.push({ what: `/${DEVICES}`, why: `only the first ${MAX_DEVICES} devices were read` });
  const devices = new Map<string, CollectedDevice>();
  for (const bdf of bdfs.slice(0, MAX_DEVICES)) devices.set(bdf, await collectDevice(join(path, bdf), bdf, missing));
  return Object.fromEntries(devices);
}

async function collectDevice(path: string, bdf: string, missing: Missing[]): Promise<CollectedDevice> {
  const files = new Map<string, string>();
  const links = new Map<string, string>();
  const failed = (name: string, why: string): void => {
    missing.push({ what: `/${DEVICES}/${bdf}/${name}`, why });
  };
  const listed = await namesIn(path);
  if ("why" in listed) failed("", listed.why);
  const names = "names" in listed ? [...listed.names].sort() : [];
  for (const name of names.filter((candidate) => FILES.test(candidate))) {
    const read = await readText(join(path, name), ATTRIBUTE_BYTES);
    if ("text" in read) files.set(name, read.text.trimEnd());
    else failed(name, read.why);
  }
  for (const name of names.filter((candidate) => LINKS.test(candidate))) {
    try {
      links.set(name, await readlink(join(path, name)));
    } catch (error) {
      failed(name, reason(error));
    }
  }
  const config = names.includes("config") ? await readBytes(join(path, "config"), CONFIG_BYTES) : undefined;
  if (config !== undefined && "why" in config) failed("config", config.why);
  const found = { files: Object.fromEntries(files), links: Object.fromEntries(links) };
  return config !== undefined && "bytes" in config ? { ...found, config: config.bytes.toString("hex") } : found;
}

async function namesIn(path: string): Promise<{ readonly names: readonly string[] } | { readonly why: string }> {
  try {
    return { names: await readdir(path) };
  } catch (error) {
    return { why: reason(error) };
  }
}

async function readText(path: string, limit: number): Promise<{ readonly text: string } | { readonly why: string }> {
  const read = await readBytes(path, limit + 1);
  if ("why" in read) return read;
  if (read.bytes.length > limit) return { why: `longer than ${limit} bytes` };
  return { text: read.bytes.toString("utf8") };
}

/** The first `limit` bytes. Files in /proc and /sys do not tell their length, so they are read until they end. */
async function readBytes(path: string, limit: number): Promise<{ readonly bytes: Buffer } | { readonly why: string }> {
  try {
    const file = await open(path, "r");
    try {
      const chunks: Buffer[] = [];
      let length = 0;
      while (length < limit) {
        const chunk = Buffer.alloc(Math.min(limit - length, 64 * KIB));
        const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
        if (bytesRead === 0) break;
        chunks.push(chunk.subarray(0, bytesRead));
        length += bytesRead;
      }
      return { bytes: Buffer.concat(chunks) };
    } finally {
      await file.close();
    }
  } catch (error) {
    return { why: reason(error) };
  }
}

const REASONS: ReadonlyMap<unknown, string> = new Map([
  ["ENOENT", "does not exist"],
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
]);

function reason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return REASONS.get(code) ?? (typeof code === "string" ? code : "cannot be read");
}

/** Runs a command without a shell, with a limit on time and output. Never rejects. */
export const runCommand: Run = (command, args) =>
  new Promise((resolve) => {
    const env = { ...process.env, LC_ALL: "C", PATH: `${process.env.PATH ?? ""}:/usr/local/sbin:/usr/sbin:/sbin` };
    execFile(
      command,
      [...args],
      { env, timeout: TIMEOUT_MS, maxBuffer: OUTPUT_BYTES, encoding: "utf8" },
      (error, stdout, stderr) => {
        if (error === null) resolve({ stdout });
        else if (error.code === "ENOENT") resolve({ why: "not installed" });
        else if (error.killed === true) resolve({ why: `stopped after ${TIMEOUT_MS / 1000} s` });
        else resolve({ why: stderr.trim().split("\n")[0]?.slice(0, 200) || error.message.slice(0, 200) });
      },
    );
  });
