/**
 * Brings a clone to where it can run: installs when package-lock.json is not what was installed last, builds when what
 * the build reads is not what was built last. Says nothing when there is nothing to do, and never writes to standard
 * output, which belongs to the command that follows.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LOCK = "package-lock.json";
const LOCK_MARK = "node_modules/.physmap-lock";
const BUILD_MARK = "node_modules/.physmap-build";
/** What the build reads. */
const BUILD_INPUTS = [
  "src",
  "web",
  "examples",
  "package.json",
  LOCK,
  "tsconfig.json",
  "tsconfig.build.json",
  "scripts/bundle.mjs",
];
const FOLDERS = new Set(["src", "web", "examples"]);

function run(...args) {
  process.stderr.write(`physmap: npm ${args.join(" ")}\n`);
  // npm itself says where it is; started by hand, the shell finds it (npm.cmd on Windows).
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  const { status, error } = spawnSync(command, [...first, ...args], {
    cwd: ROOT,
    stdio: ["ignore", 2, 2],
    shell: command === "npm" && process.platform === "win32",
  });
  if (status === 0) return;
  process.stderr.write(`physmap: npm ${args.join(" ")} failed${error ? `: ${error.message}` : ", see above"}\n`);
  process.exit(status || 1);
}

function filesUnder(path) {
  const entries = readdirSync(join(ROOT, path), { withFileTypes: true });
  return entries.flatMap((e) => (e.isDirectory() ? filesUnder(`${path}/${e.name}`) : [`${path}/${e.name}`])).sort();
}

/** By content: times of files say nothing after a checkout or a copy. */
function hashOf(paths) {
  const hash = createHash("sha256");
  for (const path of paths)
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(ROOT, path)))
      .update("\0");
  return hash.digest("hex");
}

const isMarked = (mark, hash) => existsSync(join(ROOT, mark)) && readFileSync(join(ROOT, mark), "utf8") === hash;
const setMark = (mark, hash) => writeFileSync(join(ROOT, mark), hash);

function install() {
  const hash = hashOf([LOCK]);
  if (isMarked(LOCK_MARK, hash)) return;
  // Inside `npm cit`, `npm ci` has just run.
  if (process.env.npm_command !== "install-ci-test") run("ci", "--include=dev", "--no-audit", "--no-fund");
  setMark(LOCK_MARK, hash);
}

function build() {
  const inputs = BUILD_INPUTS.flatMap((path) => (FOLDERS.has(path) ? filesUnder(path) : [path]));
  const hash = hashOf(inputs);
  if (existsSync(join(ROOT, "dist")) && isMarked(BUILD_MARK, hash)) return;
  rmSync(join(ROOT, BUILD_MARK), { force: true });
  // What was built from files that are gone must not stay importable.
  rmSync(join(ROOT, "dist"), { recursive: true, force: true });
  run("run", "--silent", "build");
  setMark(BUILD_MARK, hash);
}

install();
build();
