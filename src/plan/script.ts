import * as v from "valibot";
import type { Mfn } from "../address.ts";
import { printable } from "../inventory/notes.ts";
import type { Tree } from "../radix/tree.ts";
import { type FrameRange, FrameSet } from "../ranges.ts";
import type { Domain, DomainSpec } from "../xen/domain.ts";
import type { HostMap } from "../xen/host-map.ts";
import { type MachineSpec, makeMachine } from "../xen/machine.ts";
import { makeWorld, type Operation, type OperationResult, runOperation, type World } from "../xen/operations.ts";
import { parseRelease } from "../xen/release.ts";
import { optionsOf } from "./machine.ts";

/** "0x…" (up to 64 bits) as an exact number or bigint; plain numbers are taken as they are. */
const u64 = v.union([
  v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  v.pipe(
    v.string(),
    v.regex(/^0x[0-9a-f]{1,16}$/i, 'expected "0x…" with at most 16 digits'),
    v.transform((text) => {
      const value = BigInt(text);
      return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
    }),
  ),
]);
const pages = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const domain = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65535));
const order = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(18));
/** First frame number and pages. */
const frames = v.array(v.strictTuple([u64, pages]));
/** So that a script cannot ask for unbounded work at once. */
const extents = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 24));

const operation = v.variant("op", [
  v.strictObject({
    op: v.literal("populate"),
    domain,
    gfn: u64,
    order,
    extents,
    mfn: v.optional(v.nullable(u64), null),
  }),
  v.strictObject({ op: v.literal("iomem_permission"), domain, mfn: u64, pages: u64, allow: v.boolean() }),
  v.strictObject({
    op: v.literal("memory_mapping"),
    domain,
    gfn: u64,
    mfn: u64,
    pages,
    add: v.boolean(),
    raw: v.exactOptional(v.boolean()),
    maxCalls: v.exactOptional(pages),
    undoOnFailure: v.exactOptional(v.boolean()),
  }),
  v.strictObject({ op: v.literal("remove_from_physmap"), domain, gfn: u64 }),
  v.strictObject({ op: v.literal("decrease_reservation"), domain, gfn: u64, order, extents }),
  v.strictObject({
    op: v.literal("set_up_hardware_domain"),
    domain,
    memory: v.exactOptional(v.strictObject({ initial: frames, later: frames, pageTables: frames })),
  }),
  v.strictObject({ op: v.literal("map_mmio"), domain, gfn: u64, mfn: u64, pages }),
  v.strictObject({ op: v.literal("take_memory"), domain, leave: extents }),
  v.strictObject({ op: v.literal("map_foreign"), domain, gfn: u64, from: domain, fromGfn: u64, pages: extents }),
  v.strictObject({ op: v.literal("assign_device"), domain, device: v.string() }),
  v.strictObject({ op: v.literal("deassign_device"), domain, device: v.string() }),
  v.strictObject({ op: v.literal("destroy"), domain }),
]);

/** Schema of an operation script (contract, "Operation scripts"). */
export const scriptSchema = v.strictObject({
  physmap: v.literal(1),
  kind: v.literal("script"),
  hypervisor: v.strictObject({
    xen: v.string(),
    cpu: v.exactOptional(v.picklist(["intel", "amd"])),
    cmdline: v.exactOptional(v.string()),
    /** null: the host has no IOMMU. */
    iommu: v.exactOptional(v.nullable(v.picklist(["vtd", "amdvi"]))),
    physBits: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(32), v.maxValue(52))),
    cpus: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4096))),
    /** Frames that guests may only read: [first mfn, pages]. */
    readOnly: v.exactOptional(frames),
    /** The host's memory map (E820): first and last byte address of each entry. */
    memoryMap: v.exactOptional(
      v.array(v.strictTuple([u64, u64, v.picklist(["ram", "reserved", "acpi", "nvs", "unusable"])])),
    ),
    /** Frames of the hypervisor itself. */
    ownFrames: v.exactOptional(frames),
    ioApics: v.exactOptional(frames),
    configWindows: v.exactOptional(frames),
    vtdRegisters: v.exactOptional(frames),
  }),
  domains: v.array(
    v.strictObject({
      id: domain,
      guest: v.exactOptional(v.picklist(["hvm", "pvh", "pv"])),
      hap: v.exactOptional(v.boolean()),
      iommu: v.exactOptional(v.picklist(["none", "default", "share_pt", "sync_pt"])),
      p2mPoolMiB: v.exactOptional(v.pipe(v.number(), v.minValue(0), v.maxValue(2 ** 20))),
      maxMemKiB: v.exactOptional(pages),
      vcpus: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(4096))),
    }),
  ),
  operations: v.array(operation),
});

/** An operation script that was checked (contract, "Operation scripts"). Frames are numbers where exact, else bigint. */
export type Script = v.InferOutput<typeof scriptSchema>;

const MOST_SAID = 500;

/** The first thing wrong with a document, as one line: where and what. */
export function issueLine(issues: readonly v.BaseIssue<unknown>[]): string {
  const [issue] = issues;
  if (!issue) return "not understood";
  const path = (issue.path ?? []).map((item) => String(item.key)).join(".");
  // Keys and values of the document stand in both.
  return printable(`${path ? `at ${path}: ` : ""}${issue.message}`).slice(0, MOST_SAID);
}

/** Check a parsed JSON document. Returns a sentence when it is no script. */
export function readScript(document: unknown): Script | string {
  const parsed = v.safeParse(scriptSchema, document);
  if (!parsed.success) return `not an operation script: ${issueLine(parsed.issues)}`;
  const known = parseRelease(parsed.output.hypervisor.xen);
  return typeof known === "string" ? known : parsed.output;
}

type Frames = v.InferOutput<typeof frames>;
const rangesOf = (list: Frames = []): FrameRange[] =>
  list.map(([first, count]) => ({ start: Number(first), end: Number(first) + count }));
const frameSet = (list: Frames | undefined): FrameSet<Mfn> => FrameSet.of<Mfn>(...rangesOf(list));

/** A script's host. */
export function machineOfScript({ hypervisor }: Script, overrides: Partial<MachineSpec> = {}): MachineSpec {
  const { xen, cpu, cmdline, iommu, physBits, cpus, readOnly, memoryMap } = hypervisor;
  const hostMap: HostMap | null = memoryMap
    ? {
        memory: memoryMap.map(([first, last, type]) => ({ first: Number(first), last: Number(last), type })),
        own: frameSet(hypervisor.ownFrames),
        ioApics: frameSet(hypervisor.ioApics),
        configWindows: frameSet(hypervisor.configWindows),
        vtdRegisters: frameSet(hypervisor.vtdRegisters),
      }
    : null;
  return {
    xen,
    cpu: cpu ?? "intel",
    options: optionsOf(cmdline ?? ""),
    ...(iommu === undefined ? {} : { iommu: iommu && { kind: iommu } }),
    ...(physBits === undefined ? {} : { physBits }),
    ...(cpus === undefined ? {} : { cpus }),
    mmioRo: rangesOf(readOnly),
    hostMap,
    ...overrides,
  };
}

/** What a script left behind: the world, the result of each operation, each domain's trees. */
export interface ScriptRun {
  readonly world: World;
  readonly operations: readonly OperationResult[];
  /** Per domain of the script: its trees (IOMMU tables only where they are its own). */
  readonly domains: readonly { readonly domain: Domain; readonly p2m: Tree; readonly iommu: Tree | null }[];
}

function operationOf(operation: Script["operations"][number]): Operation {
  if (operation.op !== "set_up_hardware_domain") return operation as Operation;
  const { op, domain, memory } = operation;
  if (!memory) return { op, domain };
  const { initial, later, pageTables } = memory;
  return {
    op,
    domain,
    memory: { initial: rangesOf(initial), later: rangesOf(later), pageTables: rangesOf(pageTables) },
  };
}

/** Run a script on the model. */
export function runScript(script: Script, overrides: Partial<MachineSpec> = {}): ScriptRun {
  const machine = makeMachine(machineOfScript(script, overrides));
  const specs = script.domains.map(
    ({ id, guest, hap, iommu, p2mPoolMiB, maxMemKiB, vcpus }): DomainSpec => ({
      id,
      ...(guest === undefined ? {} : { guest }),
      ...(hap === undefined ? {} : { hap }),
      iommu: iommu ?? "default",
      ...(p2mPoolMiB === undefined ? {} : { poolPages: p2mPoolMiB * 256 }),
      ...(maxMemKiB === undefined ? {} : { maxMemKiB }),
      ...(vcpus === undefined ? {} : { vcpus }),
    }),
  );
  const world = makeWorld(machine, specs);
  const operations = script.operations.map((op) => runOperation(world, operationOf(op)));
  const domains = specs.map(({ id }) => {
    const owner = world.domains.get(id ?? 1)!;
    return { domain: owner, p2m: owner.p2m, iommu: owner.iommu?.tree ?? null };
  });
  return { world, operations, domains };
}
