import { type Facts, hitOnRun } from "../facts.ts";
import { inputOf, type Output, outputsOf, overlaps } from "../outputs.ts";
import type { Hit, Rule } from "../rule.ts";
import { isBorrowed, MMIO_DIRECT, xenType } from "../xen-rights.ts";

/** The hardware domain has every device and, in relaxed mode, all RAM in its tables (xen-mapping.md 7.9, 8.3). */
const isHost = ({ tree }: Output): boolean => tree.domain === 0;
const isDevice = ({ tree, run }: Output): boolean => xenType(tree, run) === MMIO_DIRECT;

const foreign = (a: Output, b: Output): boolean =>
  a.tree.domain !== b.tree.domain && !isBorrowed(a.tree, a.run) && !isBorrowed(b.tree, b.run);

function* pairsOf(facts: Facts, wanted: (a: Output, b: Output) => boolean): Generator<Hit> {
  for (const { a, b, start, end } of overlaps(outputsOf(facts.trees), (p, q) => foreign(p, q) && wanted(p, q))) {
    const says = `mfn 0x${start.toString(16)}, ${end - start} frame(s): in ${a.tree.name} too, at gfn 0x${inputOf(a, start).toString(16)}`;
    yield hitOnRun(b.tree, b.run, says, inputOf(b, start), end - start);
  }
}

export const frameTwoDomains: Rule = {
  id: "frame-two-domains",
  severity: "fault",
  says: "Two domains reach the same machine frame, and neither entry says that it is granted, shared or foreign.",
  reference: "page-table-formats.md 10 (5); xen-mapping.md 3.1",
  fix: "One of them reads and writes the other's memory: keep the image and report it to the security team.",
  check: (facts) => pairsOf(facts, (a, b) => !isHost(a) && !isHost(b)),
};

export const hostReachesGuest: Rule = {
  id: "host-reaches-guest",
  severity: "risk",
  says: "The hardware domain, or its devices, reaches RAM of a guest.",
  reference: "xen-mapping.md 7.9",
  fix: "Relaxed mode maps all RAM for dom0's devices: dom0-iommu=strict leaves it out.",
  check: (facts) => pairsOf(facts, (a, b) => isHost(a) !== isHost(b) && !isDevice(a) && !isDevice(b)),
};

export const deviceTwoDomains: Rule = {
  id: "device-memory-two-domains",
  severity: "note",
  says: "The hardware domain and a guest have the same device memory mapped.",
  reference: "xen-mapping.md 8.5",
  fix: "A device that a guest was given should be hidden from dom0 (pciback, assignable-add), so that dom0 does not touch it.",
  check: (facts) => pairsOf(facts, (a, b) => isHost(a) !== isHost(b) && (isDevice(a) || isDevice(b))),
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
        const says = `mfn 0x${start.toString(16)}, ${end - start} frame(s): at gfn 0x${inputOf(a, start).toString(16)} too`;
        yield hitOnRun(tree, b.run, says, inputOf(b, start), end - start);
      }
  },
};
