import { hex } from "../../../address.ts";
import { FrameSet } from "../../../ranges.ts";
import { hitOnRun } from "../facts.ts";
import { inputOf, type Output, outputsOf, overlaps } from "../outputs.ts";
import { type Facts, type Hit, type Rule, type SurveyedTree, sameDomain } from "../rule.ts";
import { isBorrowed, MMIO_DIRECT, xenType } from "../xen-rights.ts";

/** The hardware domain has every device and, in relaxed mode, all RAM in its tables (xen-mapping.md 7.9, 8.3). */
const isHost = ({ tree }: Output): boolean => tree.domain === 0;

const foreign = (a: Output, b: Output): boolean =>
  !sameDomain(a.tree, b.tree) && !isBorrowed(a.tree, a.run) && !isBorrowed(b.tree, b.run);

/** Frames that some P2M has as direct MMIO, and BARs: IOMMU tables do not tell what a frame is. */
const deviceFrames = ({ trees, input }: Facts): FrameSet =>
  FrameSet.from([
    ...(input.bars ?? []).map(({ start, pages }) => ({ start, end: start + pages })),
    ...outputsOf(trees).filter(({ tree, run }) => xenType(tree, run) === MMIO_DIRECT),
  ]);

/** What a domain has: its P2M; its IOMMU tables where there is none. What these reach beyond is a rule of its own. */
const owning = ({ trees }: Facts): SurveyedTree[] =>
  trees.filter(
    (tree) => tree.what === "p2m" || !trees.some((other) => other.what === "p2m" && sameDomain(other, tree)),
  );

function* pairsOf(facts: Facts, host: boolean, device: boolean | null): Generator<Hit> {
  if (facts.trees.every((tree) => sameDomain(tree, facts.trees[0]!))) return;
  const devices = device === null ? FrameSet.empty() : deviceFrames(facts);
  const wanted = (a: Output, b: Output): boolean => foreign(a, b) && (isHost(a) || isHost(b)) === host;
  for (const { a, b, start, end } of overlaps(outputsOf(owning(facts)), wanted)) {
    if (device !== null && devices.overlaps(start, end - start) !== device) continue;
    const says = `mfn ${hex(start)}, ${end - start} frame(s): in ${a.tree.name} too, at gfn ${hex(inputOf(a, start))}`;
    yield hitOnRun(b.tree, b.run, says, inputOf(b, start), end - start);
  }
}

export const frameTwoDomains: Rule = {
  id: "frame-two-domains",
  severity: "fault",
  says: "Two domains reach the same machine frame, and neither entry says that it is granted, shared or foreign.",
  reference: "page-table-formats.md 10 (5); xen-mapping.md 3.1",
  fix: "One of them reads and writes the other's memory: keep the image and report it to the security team.",
  check: (facts) => pairsOf(facts, false, null),
};

export const hostReachesGuest: Rule = {
  id: "host-reaches-guest",
  severity: "risk",
  says: "The hardware domain, or its devices, reaches RAM of a guest.",
  reference: "xen-mapping.md 7.9",
  fix: "Relaxed mode maps all RAM for dom0's devices: dom0-iommu=strict leaves it out.",
  check: (facts) => pairsOf(facts, true, false),
};

export const deviceTwoDomains: Rule = {
  id: "device-memory-two-domains",
  severity: "note",
  says: "The hardware domain and a guest have the same device memory mapped.",
  reference: "xen-mapping.md 8.5",
  fix: "A device that a guest was given should be hidden from dom0 (pciback, assignable-add), so that dom0 does not touch it.",
  check: (facts) => pairsOf(facts, true, true),
};

export const frameAliased: Rule = {
  id: "frame-aliased",
  severity: "risk",
  says: "A domain's P2M maps one machine frame at two guest frames.",
  reference: "xen-mapping.md 2 (M2P has one guest frame per machine frame)",
  fix: "For RAM the M2P can name one of them only; check who mapped it twice.",
  *check({ trees }) {
    for (const tree of trees.filter(({ what }) => what === "p2m"))
      for (const { a, b, start, end } of overlaps(
        outputsOf([tree]),
        (p, q) => !isBorrowed(p.tree, p.run) && !isBorrowed(q.tree, q.run),
      )) {
        const says = `mfn ${hex(start)}, ${end - start} frame(s): at gfn ${hex(inputOf(a, start))} too`;
        yield hitOnRun(tree, b.run, says, inputOf(b, start), end - start);
      }
  },
};
