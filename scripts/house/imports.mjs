/** The imports of a TypeScript file, found by form: type-only, re-exported and dynamic ones as well. */
import { posix } from "node:path";

const FORMS = [
  // `… from "x"` with no string or comment before it on its line, which is how the formatter leaves every import.
  /^[^"'`/\n]*?\bfrom[ \t]*(["'])([^"'\n]+)\1/gm,
  /^[ \t]*import[ \t]*(["'])([^"'\n]+)\1/gm,
  // Of a value or of a type.
  /\bimport\(\s*(["'`])([^"'`\n]+)\1/g,
];
const COMMENT = /^[ \t]*(?:\*|\/[/*])/;

/** `{ file, line, name, target }`; `target` is the path from the repository's root, null for a package. */
export function importsOf({ path, text }) {
  const lines = text.split("\n");
  return FORMS.flatMap((form) => [...text.matchAll(form)]).flatMap((match) => {
    const line = text.slice(0, match.index).split("\n").length;
    if (COMMENT.test(lines[line - 1])) return [];
    const name = match[2];
    const target = name.startsWith(".") ? posix.join(posix.dirname(path), name) : null;
    return [{ file: path, line, name, target }];
  });
}
