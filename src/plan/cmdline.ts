/** Edits of Xen's command line. What follows `--` belongs to dom0's kernel and stays as it is. */

type Words = readonly string[];

function edit(cmdline: string, change: (words: Words) => Words): string {
  const words = cmdline.split(/\s+/).filter(Boolean);
  const end = words.includes("--") ? words.indexOf("--") : words.length;
  return [...change(words.slice(0, end)), ...words.slice(end)].join(" ");
}

/** The name of an option or part without `no-` and without its value. */
const nameOf = (text: string): string => text.replace(/=.*$/, "").replace(/^no-/, "");

/** Without a boolean option in any spelling: `hap`, `no-hap`, `hap=0`. */
export const dropOption = (cmdline: string, option: string): string =>
  edit(cmdline, (words) => words.filter((word) => nameOf(word) !== option));

/** Without the parts of a list option for which `drop` holds; the option itself goes with its last part. */
const dropParts = (cmdline: string, option: string, drop: (part: string) => boolean): string =>
  edit(cmdline, (words) =>
    words.flatMap((word) => {
      if (!word.startsWith(`${option}=`)) return [word];
      const parts = word.slice(option.length + 1).split(",");
      const kept = parts.filter((part) => !drop(part));
      return kept.length === 0 ? [] : [`${option}=${kept.join(",")}`];
    }),
  );

/** Without one part of a list option in any spelling: `iommu=sharept`, `iommu=no-sharept`, `iommu=sharept=off`. */
export const dropPart = (cmdline: string, option: string, part: string): string =>
  dropParts(cmdline, option, (text) => nameOf(text) === part);

const OFF: ReadonlySet<string> = new Set(["no", "off", "false", "disable", "0"]);

/** Without what switches a list option off as a whole: `iommu=off`, `no-iommu`. */
export const dropOff = (cmdline: string, option: string): string =>
  edit(
    dropParts(cmdline, option, (part) => OFF.has(part)),
    (words) => words.filter((word) => word !== `no-${option}`),
  );

/** With one more word. */
export const addWord = (cmdline: string, word: string): string => edit(cmdline, (words) => [...words, word]);
