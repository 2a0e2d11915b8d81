/** What is asked of each file by itself. */

const LONG = 300;
const TOO_LONG = 400;

/** Where the project was written, and where its packages came from, are nobody's business. */
const FOREIGN = [
  [/(?<![\w.-])\/(?:work|farm)\//, "a path of somebody's machine"],
  [/\bregistry\.npmjs\b|\bdeb\.debian\.org\b/, "a package registry's host"],
];

/** Files of src/ and web/ over 400 lines fail, over 300 warn. */
export function lengths(sources) {
  const long = sources
    .map(({ path, text }) => ({ file: path, line: text.split("\n").length - (text.endsWith("\n") ? 1 : 0) }))
    .filter(({ line }) => line > LONG)
    .map(({ file, line }) => ({ file, line, says: `${line} lines: keep a file to one idea, under ${LONG} lines` }));
  return {
    failures: long.filter(({ line }) => line > TOO_LONG),
    warnings: long.filter(({ line }) => line <= TOO_LONG),
  };
}

/** Lines that name a machine or a registry. */
export const foreignNames = ({ path, text }) =>
  FOREIGN.flatMap(([pattern, what]) =>
    text.split("\n").flatMap((line, i) => {
      const match = pattern.exec(line);
      return match === null ? [] : [{ file: path, line: i + 1, says: `${what}: ${match[0]}` }];
    }),
  );
