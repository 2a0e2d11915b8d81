import { isAligned } from "../src/address.ts";
import type { FrameRange } from "../src/ranges.ts";
import { chosenFrames, keeping, translate } from "./chosen-frames.ts";
import type { FetchedXen } from "./fetch-xen.ts";
import type { Stop } from "./machine.ts";
import {
  type DomainResult,
  domainResult,
  type Fields,
  type OperationResult,
  operationResult,
  parseText,
} from "./results.ts";
import { type DomainRoots, findImage, hypervisorFrames, readDomains } from "./roots.ts";
import type { Member, Round } from "./rounds.ts";
import { concernsDom0, type RigScript } from "./script.ts";
import type { Tag } from "./script-text.ts";
import { type RootToTake, type Snapshot, takeSnapshot } from "./snapshot.ts";
import type { Target } from "./target.ts";

/** What a script came to on the real hypervisor. */
export interface Observed {
  /** One a script's operation, in order. */
  readonly results: readonly OperationResult[];
  /** One a script's domain, in order. */
  readonly domains: readonly DomainResult[];
  /** Tables of the script's domains as it left them; dom0's too where it has no domains or operates on dom0. */
  readonly snapshot: Snapshot;
  /** What dom0 said of itself, where the script concerns it. */
  readonly dom0?: Dom0Report;
}

/** What a dom0's own tables depend on, beside the console's memory map. */
export interface Dom0Report {
  /** The payload's fields (payload/main-pv.c, main-pvh.c). */
  readonly fields: Fields;
  /** Frames that the hypervisor keeps to itself, but for those that it gives back when it does not use them. */
  readonly ownFrames: readonly FrameRange[];
  readonly bootAllocator: FrameRange;
}

/** What one boot has found out so far. */
export interface Progress {
  readonly scripts: readonly RigScript[];
  readonly rounds: readonly Round[];
  readonly tags: readonly Tag[];
  readonly target: Target;
  readonly xen: FetchedXen;
  /** Byte address of the hypervisor's image, found at the first stop. */
  image: number | undefined;
  /** Frames that the hypervisor chose, by the populate's tag. */
  readonly chosen: Map<number, OperationResult["mfns"]>;
  /** By script. */
  readonly observed: Map<number, Observed>;
}

function domainsNow(progress: Progress, stop: Stop): Map<number, DomainRoots> {
  const { target, xen } = progress;
  progress.image ??= findImage(stop.ram, xen.symbols);
  if (progress.image === undefined) throw new Error("the hypervisor's image is not in the machine's memory");
  const { offsets } = target.release;
  const domains = readDomains(keeping(stop.ram), progress.image, xen.symbols, offsets, target.iommuFormat);
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

/** Sees which frames the populate before a look's tag was given. */
export function look(progress: Progress, stop: Stop, tag: number): void {
  const { domain, populated } = stop.look;
  const about = progress.tags[tag];
  const operation = about?.kind === "look" ? progress.scripts[about.script]!.operations[about.index] : undefined;
  if (operation?.op !== "populate") throw new Error("the payload looks where its script does not");
  const root = domainsNow(progress, stop).get(domain)?.p2m;
  if (!root) return;
  const reader = keeping(stop.ram);
  const frameOf = (gfn: number): number | undefined => translate(reader, progress.target.p2mFormat, root, 4, gfn);
  // An extent that failed half-way has left a part of itself.
  const extents = Math.min(populated + 1, operation.extents ?? 1);
  const whole = chosenFrames(frameOf, Number(operation.gfn), operation.order, extents);
  const aligned = whole.filter(({ mfn }) => isAligned(Number(mfn), operation.order));
  progress.chosen.set(tag - 1, aligned);
}

function finishMember(
  progress: Progress,
  stop: Stop,
  member: Member,
  lines: ReadonlyMap<number, Fields>,
  domains: ReadonlyMap<number, DomainRoots>,
  report: Fields,
): void {
  const script = progress.scripts[member.script]!;
  const { target, xen } = progress;
  const results: OperationResult[] = [];
  const made: DomainResult[] = [];
  progress.tags.forEach((tag, number) => {
    if (tag.script !== member.script) return;
    const fields = lines.get(number);
    if (fields === undefined) throw new Error(`the payload has no answer to line ${number} of its script`);
    if (tag.kind === "domain") made.push(domainResult(script.domains[tag.index]!.id, fields));
    if (tag.kind !== "operation") return;
    const mfns = progress.chosen.get(number);
    const result = operationResult(script.operations[tag.index]!, fields);
    results.push(mfns === undefined || mfns.length === 0 ? result : { ...result, mfns });
  });
  const roots = script.domains.flatMap((domain, i) =>
    made[i]!.result === 0 ? rootsOf(domain.id, domains.get(made[i]!.xenId), target, domain.hap ?? true) : [],
  );
  const about = concernsDom0(script);
  const dom0 = about ? rootsOf(0, domains.get(0), target, true) : [];
  const { cpu } = script.hypervisor;
  const source = {
    xen: xen.packageVersion,
    build: "debian",
    cpu,
    iommu: target.iommuFormat,
    cmdline: target.cmdline,
    emulator: target.emulator,
  };
  progress.observed.set(member.script, {
    results,
    domains: made,
    snapshot: takeSnapshot(stop.ram, [...dom0, ...roots], source),
    ...(about ? { dom0: { fields: report, ...hypervisorFrames(stop.ram, progress.image!, xen.symbols) } } : {}),
  });
}

/** Takes the results and the tables of a round's scripts. */
export function checkpoint(progress: Progress, stop: Stop, round: Round): void {
  const lines = parseText(stop.text());
  const domains = domainsNow(progress, stop);
  const number = progress.rounds.indexOf(round);
  const tag = progress.tags.findIndex(({ kind, index }) => kind === "checkpoint" && index === number);
  const report = lines.get(tag) ?? new Map<string, string>();
  for (const member of round.members) finishMember(progress, stop, member, lines, domains, report);
}
