import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { cached, cacheFolder } from "./cache.ts";
import { runProgram } from "./programs.ts";
import type { XenRelease } from "./releases.ts";

/** What the rig keeps of a hypervisor's packages. */
export interface FetchedXen {
  /** The uncompressed multiboot image. */
  readonly image: string;
  /** Folder of the release's public headers, `xen/` inside. */
  readonly include: string;
  readonly symbols: XenSymbols;
  /** Debian's version of the hypervisor package. */
  readonly packageVersion: string;
}

/** Link addresses, less the address that stands for the image's start in memory. */
export interface XenSymbols {
  readonly domainList: number;
  readonly physStart: number;
  /** What the hypervisor keeps of its image: text and constants, then data. */
  readonly textStart: number;
  readonly constantsEnd: number;
  readonly dataStart: number;
  readonly end: number;
  /** 1 MiB that later releases give back when it is not used. */
  readonly bootAllocator: number;
  /** A word with the address that the code which starts processors lies at, and that code. */
  readonly trampolineAt: number;
  readonly trampolineStart: number;
  readonly trampolineEnd: number;
}

const SYMBOLS: Readonly<Record<keyof XenSymbols, string>> = {
  domainList: "domain_list",
  physStart: "xen_phys_start",
  textStart: "_stext",
  constantsEnd: "__2M_rodata_end",
  dataStart: "__2M_rwdata_start",
  end: "_end",
  bootAllocator: "ebmalloc_mem",
  trampolineAt: "trampoline_phys",
  trampolineStart: "trampoline_start",
  trampolineEnd: "trampoline_end",
};

/** Link address of the image's start (rig.md 4: the word at xen_phys_start holds where the image lies). */
const IMAGE_BASE = 0xffff82d040000000n;
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

const folderOf = (release: XenRelease): string => join(cacheFolder(), "xen", release.version);

/** The archives that this machine's apt is set up with, by label. Throws when it has no Debian archive. */
function debianArchives(): { readonly main: string; readonly security: string } {
  const targets = runProgram("apt-get", ["indextargets", "--format", "$(LABEL)\t$(REPO_URI)", "Created-By: Packages"]);
  const archives = new Map(targets.split("\n").map((line) => line.split("\t") as [string, string]));
  const main = archives.get("Debian");
  const security = archives.get("Debian-Security");
  if (main === undefined || security === undefined)
    throw new Error(
      "apt knows no Debian archive with security updates here: add both to its sources, then apt-get update",
    );
  return { main, security };
}

/** apt with sources and lists of its own: the machine's configuration is not changed. */
function aptOptions(release: XenRelease): string[] {
  const folder = cached("apt", release.suite);
  mkdirSync(join(folder, "lists", "partial"), { recursive: true });
  mkdirSync(join(folder, "archives", "partial"), { recursive: true });
  const { main, security } = debianArchives();
  const sources = join(folder, "sources.list");
  writeFileSync(
    sources,
    [
      `deb [signed-by=${KEYRING}] ${main} ${release.suite} main`,
      `deb [signed-by=${KEYRING}] ${security} ${release.suite}-security main`,
      "",
    ].join("\n"),
  );
  const settings = {
    "Dir::Etc::sourcelist": sources,
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::State::lists": join(folder, "lists"),
    "Dir::Cache": folder,
    "APT::Sandbox::User": "root",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

const readMaybeCompressed = (file: string): Buffer =>
  file.endsWith(".gz") ? gunzipSync(readFileSync(file)) : readFileSync(file);

/** Offset into the image of a symbol in the output of `nm`. */
export function symbolOffset(nm: string, name: string): number {
  const line = nm.split("\n").find((l) => l.endsWith(` ${name}`));
  const address = /^([0-9a-f]{16}) /.exec(line ?? "")?.[1];
  if (address === undefined) throw new Error(`the hypervisor's symbols lack ${name}`);
  return Number(BigInt(`0x${address}`) - IMAGE_BASE);
}

function unpack(release: XenRelease, debs: string, into: string): void {
  const unpacked = join(debs, "unpacked");
  for (const deb of readdirSync(debs).filter((name) => name.endsWith(".deb")))
    runProgram("dpkg-deb", ["-x", join(debs, deb), unpacked]);
  writeFileSync(join(into, "xen"), readMaybeCompressed(join(unpacked, release.image)));
  writeFileSync(join(into, "xen-syms"), readMaybeCompressed(join(unpacked, release.symbols)));
  const nm = runProgram("nm", [join(into, "xen-syms")]);
  rmSync(join(into, "xen-syms"));
  cpSync(join(unpacked, "usr/include"), join(into, "include"), { recursive: true });
  const deb = readdirSync(debs).find((name) => name.startsWith(`${release.packages[0]}_`)) ?? "";
  const facts = {
    symbols: Object.fromEntries(Object.entries(SYMBOLS).map(([name, symbol]) => [name, symbolOffset(nm, symbol)])),
    packageVersion: decodeURIComponent(deb.split("_")[1] ?? ""),
  };
  writeFileSync(join(into, "facts.json"), JSON.stringify(facts));
}

/** Downloads and unpacks a release's packages into the cache; installs nothing. Does nothing when it is there. */
export function fetchXen(release: XenRelease): FetchedXen {
  const into = folderOf(release);
  if (!isComplete(release)) {
    const options = aptOptions(release);
    const debs = cached("debs", release.version);
    for (const folder of [debs, into]) rmSync(folder, { recursive: true, force: true });
    mkdirSync(debs, { recursive: true });
    mkdirSync(into, { recursive: true });
    runProgram("apt-get", [...options, "-q", "update"]);
    runProgram("apt-get", [...options, "-q", "download", ...release.packages], debs);
    unpack(release, debs, into);
    rmSync(debs, { recursive: true, force: true });
  }
  return fetchedXen(release);
}

/** Whether the release is there, with all that is asked of it: an earlier rig kept fewer symbols. */
function isComplete(release: XenRelease): boolean {
  if (!existsSync(join(folderOf(release), "facts.json"))) return false;
  const { symbols } = fetchedXen(release);
  return Object.keys(SYMBOLS).every((name) => name in symbols);
}

/** The release as it lies in the cache. Throws when it has not been fetched. */
export function fetchedXen(release: XenRelease): FetchedXen {
  const folder = folderOf(release);
  if (!existsSync(join(folder, "facts.json")))
    throw new Error(`Xen ${release.version} has not been fetched into ${cacheFolder()}: run npm run rig:fetch`);
  const facts = JSON.parse(readFileSync(join(folder, "facts.json"), "utf8")) as Omit<FetchedXen, "image" | "include">;
  return { image: join(folder, "xen"), include: join(folder, "include"), ...facts };
}
