import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { cached, projectRoot } from "./cache.ts";
import type { FetchedXen } from "./fetch-xen.ts";
import { runProgram } from "./programs.ts";
import type { XenRelease } from "./releases.ts";

/** How dom0 runs: as a PV guest, or as a PVH guest (a P2M of its own; needs an IOMMU). */
export type Dom0 = "pv" | "pvh";

const FLAGS = [
  ...["-m64", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"],
  ...["-ffreestanding", "-nostdlib", "-static", "-fno-pic", "-no-pie", "-mcmodel=small"],
  ...["-mno-red-zone", "-mgeneral-regs-only", "-fcf-protection=none", "-fno-stack-protector"],
  // memset is the payload's own: its loop must not become a call of itself.
  ...["-fno-tree-loop-distribute-patterns", "-fno-asynchronous-unwind-tables"],
  ...["-Wl,--build-id=none", "-Wl,-z,max-page-size=4096", "-Wl,--no-warn-rwx-segments"],
  "-D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__",
];

const COMMON = ["domains.c", "library.c", "mailbox.c", "operations.c", "script.c"];

const modified = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/**
 * The boot payload for a release, compiled against the release's own headers (domctls check an interface version:
 * rig.md 3). Compiled anew when a source is younger.
 */
export function buildPayload(release: XenRelease, xen: FetchedXen, dom0: Dom0): string {
  const sources = join(projectRoot(), "rig", "payload");
  const output = join(cached("payload"), `${release.version}-${dom0}.elf`);
  if (readdirSync(sources).some((name) => modified(join(sources, name)) > modified(output)))
    runProgram(
      "gcc",
      [
        ...FLAGS,
        ...["-isystem", xen.include, "-Wl,-T,payload.ld"],
        ...[`start-${dom0}.S`, `main-${dom0}.c`, ...COMMON, "-o", output],
      ],
      sources,
    );
  return output;
}
