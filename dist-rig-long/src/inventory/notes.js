import { noteList } from "./note-list.js";
/** The bounded list of notes on one file. */
export function fileNotes(file) {
    const list = noteList();
    return { add: (kind, says, line) => list.add(kind, says, source(file, line)), all: list.all };
}
export const source = (file, line) => (line === undefined ? { file } : { file, line });
/** `file:line`, or the file alone. */
export const where = ({ file, line }) => (line === undefined ? file : `${file}:${line}`);
/** Foreign text that is to be shown as it is: without control characters, which a terminal might obey. */
export const printable = (text) => text.replace(/\p{Cc}+/gu, " ");
