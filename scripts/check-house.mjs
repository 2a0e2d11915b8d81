/**
 * Checks that the source keeps to the house (CONTRIBUTING.md): who imports whom, circles, Node modules, file lengths, and
 * that no file of the repository names the machine it was written on.
 * Usage: check-house.mjs [ROOT]. Prints `file:line: what`, one line a violation; exit code 1 when there is any.
 */
import { fileURLToPath } from "node:url";
import { circles } from "./house/circles.mjs";
import { foreignNames, lengths } from "./house/files.mjs";
import { importsOf } from "./house/imports.mjs";
import { importViolations } from "./house/rooms.mjs";
import { readFiles } from "./house/tree.mjs";

const root = process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url));
const files = readFiles(root);
const sources = files.filter(({ path }) => /^(?:src|web)\/.*\.tsx?$/.test(path));
const imports = sources.flatMap(importsOf);

const { failures: tooLong, warnings } = lengths(sources);
const failures = [
  ...importViolations(sources, imports),
  ...circles(imports),
  ...tooLong,
  ...files.flatMap(foreignNames),
].sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));

for (const { file, line, says } of warnings) console.error(`${file}:${line}: warning: ${says}`);
for (const { file, line, says } of failures) console.log(`${file}:${line}: ${says}`);
console.log(
  `house: ${sources.length} source files, ${imports.length} imports, ${files.length} files in all, ` +
    `${failures.length} violations, ${warnings.length} warnings`,
);
process.exitCode = failures.length > 0 || sources.length === 0 ? 1 : 0;
