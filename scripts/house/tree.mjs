/**
 * The files of a repository: what git tracks, and all of src/ and web/; outside git, whatever is there. Other untracked files
 * are left out, because a clone may hold its user's own logs and configurations.
 */
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const NOT_OURS = new Set([".git", ".cache", "node_modules", "dist", "coverage"]);

function walk(root, folder = "") {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name)) return [];
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    return entry.isDirectory() ? walk(root, path) : [path];
  });
}

function paths(root) {
  // A clone may belong to another user than the one who checks it, in a container for one.
  const args = ["-c", "safe.directory=*", "ls-files", "-z", "--cached"];
  const { status, stdout } = spawnSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 });
  if (status !== 0) return walk(root);
  const tracked = stdout.split("\0").filter((path) => path !== "");
  return [...new Set([...tracked, ...walk(root, "src"), ...(existsSync(join(root, "web")) ? walk(root, "web") : [])])];
}

function textOf(file) {
  const bytes = readFileSync(file);
  // Goldens are gzipped, and what is inside is published too.
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (isGzip ? gunzipSync(bytes) : bytes).toString("utf8");
}

/** Every regular file as `{ path, text }`, by path. Files that are deleted and not yet committed are no files. */
export const readFiles = (root) =>
  paths(root)
    .filter((path) => lstatSync(join(root, path), { throwIfNoEntry: false })?.isFile())
    .sort()
    .map((path) => ({ path, text: textOf(join(root, path)) }));
