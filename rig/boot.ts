import { randomInt } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootBochs } from "./bochs.ts";
import { buildPayload } from "./build-payload.ts";
import { chosenFrames, keeping, translate } from "./chosen-frames.ts";
import { type FetchedXen, fetchedXen } from "./fetch-xen.ts";
import type { Stop } from "./machine.ts";
import { bootQemu } from "./qemu.ts";
import { domainResult, type OperationResult, operationResult, parseText } from "./results.ts";
import { type DomainRoots, findImage, readDomains } from "./roots.ts";
import { type Member, planRounds, type Round } from "./rounds.ts";
import type { RigRun } from "./run.ts";
import type { RigScript } from "./script.ts";
import { scriptText, type Tag } from "./script-text.ts";
import { type RootToTake, takeSnapshot } from "./snapshot.ts";
import { rigDevices, type Target } from "./target.ts";
import { requireTools } from "./tools.ts";

/** Memory of the machine that is not the domains': dom0, the hypervisor, and what a round still holds. MiB. */
const RESERVE_MIB = { qemu: 512, bochs: 128 } as const;
const MAX_OPERATIONS = 16384;

/** What one boot has found out so far. */
interface Progress {
  readonly scripts: readonly RigScript[];
  readonly rounds: readonly Round[];
  readonly tags: readonly Tag[];
  readonly target: Target;
  readonly xen: FetchedXen;
  /** Byte address of the hypervisor's image, found at the first stop. */
  image: number | undefined;
  /** Frames that the hypervisor chose, by the populate's tag. */
  readonly chosen: Map<number, OperationResult["mfns"]>;
  readonly runs: Map<number, Omit<RigRun, "log">>;
}

function domainsNow(progress: Progress, stop: Stop): Map<number, DomainRoots> {
  const { target, xen } = progress;
  progress.image ??= findImage(stop.ram, xen.symbols);
  if (progress.image === undefined) throw new Error("the hypervisor's image is not in the machine's memory");
  const { offsets } = target.release;
  const domains = readDomains(stop.ram, progress.image, xen.symbols, offsets, target.iommuFormat);
  return new Map(domains.map((domain) => [domain.id, domain]));
}

/** The roots to take of a domain; shadow mode's P2M has the format of AMD's. */
function rootsOf(id: number, domain: DomainRoots | undefined, target: Target, hap: boolean): RootToTake[] {
  if (domain === undefined) return [];
  const { p2m, iommu } = domain;
  const roots: RootToTake[] = [];
  if (p2m !== null)
    roots.push({ domain: id, what: "p2m", format: hap ? target.p2mFormat : "npt", mfn: p2m, levels: 4 });
  if (iommu !== null && target.iommuFormat !== null)
    roots.push({ domain: id, what: "iommu", format: target.iommuFormat, mfn: iommu.root, levels: iommu.levels });
  return roots;
}

/** Looks come in the order of the script's populates. */
function look(progress: Progress, stop: Stop, tag: number): void {
  const { domain, populated } = stop.look;
  const about = progress.tags[tag];
  const operation = about?.kind === "look" ? progress.scripts[about.script]!.operations[about.index] : undefined;
  if (operation?.op !== "populate") throw new Error("the payload looks where its script does not");
  const root = domainsNow(progress, stop).get(domain)?.p2m;
  if (!root) return;
  const reader = keeping(stop.ram);
  const frameOf = (gfn: number): number | undefined => translate(reader, progress.target.p2mFormat, root, 4, gfn);
  progress.chosen.set(tag - 1, chosenFrames(frameOf, Number(operation.gfn), operation.order, populated));
}

function finishMember(
  progress: Progress,
  stop: Stop,
  member: Member,
  lines: ReturnType<typeof parseText>,
  domains: ReadonlyMap<number, DomainRoots>,
): void {
  const script = progress.scripts[member.script]!;
  const { target, xen } = progress;
  const results: OperationResult[] = [];
  const made: RigRun["domains"][number][] = [];
  progress.tags.forEach((tag, number) => {
    if (tag.script !== member.script) return;
    const fields = lines.get(number);
    if (fields === undefined) throw new Error(`the payload has no answer to line ${number} of its script`);
    if (tag.kind === "domain") made.push(domainResult(script.domains[tag.index]!.id, fields));
    if (tag.kind !== "operation") return;
    const mfns = progress.chosen.get(number);
    const result = operationResult(script.operations[tag.index]!, fields);
    results.push(mfns === undefined ? result : { ...result, mfns });
  });
  const roots = script.domains.flatMap((domain, i) =>
    made[i]!.result === 0 ? rootsOf(domain.id, domains.get(made[i]!.xenId), target, domain.hap ?? true) : [],
  );
  // A script without domains is about dom0 itself.
  const dom0 = script.domains.length === 0 ? rootsOf(0, domains.get(0), target, true) : [];
  const { cpu } = script.hypervisor;
  const source = {
    xen: xen.packageVersion,
    build: "debian",
    cpu,
    iommu: target.iommuFormat,
    cmdline: target.cmdline,
    emulator: target.emulator,
  };
  progress.runs.set(member.script, {
    results,
    domains: made,
    snapshot: takeSnapshot(stop.ram, [...dom0, ...roots], source),
  });
}

function checkpoint(progress: Progress, stop: Stop, round: Round): void {
  const lines = parseText(stop.text());
  const domains = domainsNow(progress, stop);
  for (const member of round.members) finishMember(progress, stop, member, lines, domains);
}

/** Runs scripts for one target in one boot. Their runs come in the scripts' order. */
export async function runBoot(
  target: Target,
  scripts: readonly RigScript[],
  options: { readonly timeoutMs: number; readonly look: boolean },
): Promise<RigRun[]> {
  requireTools(target.emulator);
  const xen = fetchedXen(target.release);
  const payload = buildPayload(target.release, xen, target.dom0);
  const devices = rigDevices(target, scripts);
  const rounds = planRounds(scripts, {
    memoryMiB: target.memoryMiB - RESERVE_MIB[target.emulator],
    devices: devices.map((device) => device.sbdf),
    domains: 1024,
    operations: MAX_OPERATIONS,
  });
  const nonce = randomInt(1, 2 ** 32 - 1);
  const qemu = target.emulator === "qemu";
  const { text, tags } = scriptText(scripts, rounds, {
    nonce,
    wait: qemu ? "word" : "breakpoint",
    look: options.look && qemu,
  });
  const folder = mkdtempSync(join(tmpdir(), "physmap-rig-"));
  const script = join(folder, "script.txt");
  writeFileSync(script, text);
  const machineTarget = { ...target, devices: [...target.devices, ...devices.map((device) => device.argument)] };
  const files = { xen: xen.image, payload, script, folder, nonce, timeoutMs: options.timeoutMs };
  const machine = (qemu ? bootQemu : bootBochs)(machineTarget, files);
  const progress: Progress = {
    scripts,
    rounds,
    tags,
    target,
    xen,
    image: undefined,
    chosen: new Map(),
    runs: new Map(),
  };
  try {
    for (const [number, tag] of tags.entries()) {
      if (tag.kind !== "look" && tag.kind !== "checkpoint") continue;
      const stop = await machine.next();
      if (stop.state !== tag.kind) throw new Error(`the payload is at a ${stop.state}, its script at a ${tag.kind}`);
      if (tag.kind === "look") look(progress, stop, number);
      else checkpoint(progress, stop, rounds[tag.index]!);
      machine.resume();
    }
  } catch (error) {
    await machine.stop();
    throw error;
  }
  const log = await machine.stop();
  return scripts.map((_, index) => ({ ...progress.runs.get(index)!, log }));
}
