import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { cached, projectRoot } from "./cache.js";
import { runProgram } from "./commands.js";
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
const modified = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
/**
 * The boot payload for a release, compiled against the release's own headers (domctls check an interface version:
 * rig.md 3). Compiled anew when a source is younger.
 */
export function buildPayload(release, xen, dom0) {
    const sources = join(projectRoot(), "rig", "payload");
    const output = join(cached("payload"), `${release.version}-${dom0}.elf`);
    if (readdirSync(sources).some((name) => modified(join(sources, name)) > modified(output)))
        runProgram("gcc", [
            ...FLAGS,
            ...["-isystem", xen.include, "-Wl,-T,payload.ld"],
            ...[`start-${dom0}.S`, `main-${dom0}.c`, ...COMMON, "-o", output],
        ], sources);
    return output;
}
