/**
 * Undoes what happens to text on its way from a terminal through mail, web forms and loggers (host-inputs.md, general
 * rule 2). Every text reader starts here, so line numbers always count the lines of the file as it was given.
 */
const MAX_LINES = 2 ** 20;
const MAX_LENGTH = 2 ** 16;
const MAX_QUOTE_LEVELS = 8;
/** Share of the non-empty lines that must carry a mark before it counts as added by transport. */
const NEARLY_ALL = 0.8;
const QUOTE = /^ ?>/;
const QUOTE_AND_SPACE = /^ ?> ?/;
/** A quote mark directly before text: this writer puts no space after it, so spaces belong to the text. */
const TIGHT_QUOTE = /^ ?>[^\s>]/;
const TIMESTAMP = /^(?:\[ {0,12}\d{1,10}\.\d{1,9}\]|\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\]?|\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?) ?/;
/**
 * The lines of a text: CR LF, CR CR LF and lone CR end a line as LF does; a byte order mark, constant `>` quote marks
 * and an indent that all non-empty lines share are removed; no-break spaces become spaces. Never throws.
 */
export function lines(text, options = {}) {
    let result = split(text, options);
    for (let level = 0; level < MAX_QUOTE_LEVELS; level++) {
        const tight = result.some(({ text }) => TIGHT_QUOTE.test(text));
        const stripped = stripWhereUsual(result, tight ? QUOTE : QUOTE_AND_SPACE);
        if (stripped === result)
            break;
        result = stripped;
    }
    if (options.timestamps === true)
        result = stripWhereUsual(result, TIMESTAMP);
    return stripCommonIndent(result);
}
/** Column of the first non-blank character, with tab stops every 8 columns. */
export function indentOf(text) {
    let column = 0;
    for (let i = 0; i < text.length; i++) {
        if (text[i] === " ")
            column += 1;
        else if (text[i] === "\t")
            column += 8 - (column % 8);
        else
            break;
    }
    return column;
}
export const isBlank = (text) => text.trim() === "";
function split(text, { maxLines = MAX_LINES, maxLength = MAX_LENGTH, onCut }) {
    const result = [];
    const lineEnd = /\r{0,2}\n|\r/g;
    let start = text.startsWith("\ufeff") ? 1 : 0;
    while (start < text.length) {
        const line = result.length + 1;
        if (line > maxLines) {
            onCut?.(`only the first ${maxLines} lines were read`, line);
            break;
        }
        lineEnd.lastIndex = start;
        const match = lineEnd.exec(text);
        const end = match?.index ?? text.length;
        if (end - start > maxLength)
            onCut?.(`line of ${end - start} characters cut to ${maxLength}`, line);
        result.push({ text: text.slice(start, Math.min(end, start + maxLength)).replaceAll("\u00a0", " "), line });
        start = match === null ? text.length : lineEnd.lastIndex;
    }
    return result;
}
/** The same array where fewer than nearly all non-empty lines match. */
function stripWhereUsual(all, mark) {
    const filled = all.filter(({ text }) => !isBlank(text));
    const marked = filled.filter(({ text }) => mark.test(text)).length;
    if (marked === 0 || marked < filled.length * NEARLY_ALL)
        return all;
    return all.map(({ text, line }) => ({ text: text.replace(mark, ""), line }));
}
function stripCommonIndent(all) {
    let common;
    for (const { text } of all) {
        if (isBlank(text))
            continue;
        const indent = text.slice(0, text.length - text.trimStart().length);
        common = common === undefined ? indent : commonPrefix(common, indent);
        if (common === "")
            return all;
    }
    const drop = common?.length ?? 0;
    return drop === 0 ? all : all.map(({ text, line }) => ({ text: text.slice(drop), line }));
}
function commonPrefix(a, b) {
    let length = 0;
    while (length < a.length && length < b.length && a[length] === b[length])
        length++;
    return a.slice(0, length);
}
