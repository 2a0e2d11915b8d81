import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);
export const pathOf = (path: string): string => fileURLToPath(new URL(path, root));
export const textOf = (path: string): string => readFileSync(pathOf(path), "utf8");

/** The library's entries: what may be imported, and the source behind it. */
export const ENTRIES: Readonly<Record<string, string>> = {
  physmap: "src/index.ts",
  "physmap/plan": "src/plan/index.ts",
  "physmap/inventory": "src/inventory/index.ts",
  "physmap/inspect": "src/inspect/index.ts",
};

/** Imports and re-exports of a source file: relative ones resolved, packages by name. */
export const importsOf = (path: string): readonly string[] =>
  [...textOf(path).matchAll(/^(?:import|export|\})[^;"'`]*?from "([^"]+)";|^import "([^"]+)";|\bimport\("([^"]+)"\)/gm)]
    .map((match) => match[1] ?? match[2] ?? match[3]!)
    .map((name) => (name.startsWith(".") ? posix.join(posix.dirname(path), name) : name));

/** Everything that importing some sources brings in: files and packages. */
export function closure(paths: readonly string[]): ReadonlySet<string> {
  const seen = new Set(paths);
  for (const path of seen) if (path.startsWith("src/")) for (const each of importsOf(path)) seen.add(each);
  return seen;
}

export interface Exported {
  readonly name: string;
  /** Where its name stands: the entry, or a file that it re-exports. */
  readonly file: string;
  readonly documented: boolean;
}

const COMMENT = String.raw`\/\*\*(?:[^*]|\*(?!\/))*\*\/`;
/** A doc comment that says more than nothing. */
const isComment = (text: string | undefined): boolean => text !== undefined && text.length > 12;

/** Whether a file declares a name with a doc comment right before it; follows re-exports. */
function declared(file: string, name: string): boolean {
  const declaration = new RegExp(
    `(${COMMENT}\\s*)?^export (?:declare |async |abstract )*(?:const|let|function\\*?|interface|type|class) ${name}\\b`,
    "m",
  );
  const here = declaration.exec(textOf(file));
  if (here) return isComment(here[1]);
  // `export { ept }` of something that was imported or declared above.
  const found = exportsOf(file).find((each) => each.name === name);
  return found !== undefined && found.file !== file && found.documented;
}

/** Every name that a file exports. A doc comment may stand at the declaration or, as in `src/index.ts`, at the name here. */
export function exportsOf(file: string): readonly Exported[] {
  // A brace in a comment would end a list early.
  const text = textOf(file).replace(/\{@link ([^}]*)\}/g, "$1");
  const from = (name: string): string => posix.join(posix.dirname(file), name);
  const lists = [...text.matchAll(/^export (?:type )?\{([^}]*)\} from "([^"]+)";/gm)].flatMap(([, names, module]) => {
    return [
      ...names!.matchAll(new RegExp(`(${COMMENT})?\\s*(?:type )?([A-Za-z_$][\\w$]*)(?: as ([\\w$]+))?,?`, "g")),
    ].map(
      ([, comment, name, as]): Exported => ({
        name: as ?? name!,
        file: from(module!),
        documented: isComment(comment) || declared(from(module!), name!),
      }),
    );
  });
  const all = [...text.matchAll(/^export \* from "([^"]+)";/gm)].flatMap(([, module]) => exportsOf(from(module!)));
  const own = [
    ...text.matchAll(/^export (?:declare |async |abstract )*(?:const|let|function\*?|interface|type|class) ([\w$]+)/gm),
  ].map(([, name]): Exported => ({ name: name!, file, documented: declared(file, name!) }));
  return [...lists, ...all, ...own];
}
