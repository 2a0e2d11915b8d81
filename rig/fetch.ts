/**
 * Gets what the rig needs: `fetch [--install] [VERSION…]`. Hypervisors come as packages that are unpacked into the
 * cache; nothing is installed unless --install is given, which CI does.
 */

import { fetchXen } from "./fetch-xen.ts";
import { runProgram } from "./programs.ts";
import { RELEASES, releaseOf } from "./releases.ts";
import { type Emulator, missingPackages } from "./tools.ts";

const EMULATORS: readonly Emulator[] = ["qemu", "bochs"];

function main(args: readonly string[]): number {
  const say = (text: string): boolean => process.stderr.write(`${text}\n`);
  const missing = [...new Set(EMULATORS.flatMap(missingPackages))];
  if (missing.length > 0 && args.includes("--install")) {
    say(`installing ${missing.join(" ")}`);
    runProgram("apt-get", ["-q", "update"]);
    runProgram("apt-get", ["-q", "-y", "--no-install-recommends", "install", ...missing]);
  } else if (missing.length > 0) say(`not installed: ${missing.join(" ")} (apt-get install, or --install)`);
  const versions = args.filter((arg) => !arg.startsWith("-"));
  const releases = versions.length > 0 ? versions.map(releaseOf) : RELEASES;
  for (const release of releases) say(`Xen ${release.version}: Debian's ${fetchXen(release).packageVersion}`);
  return missing.length > 0 && !args.includes("--install") ? 1 : 0;
}

process.exitCode = main(process.argv.slice(2));
