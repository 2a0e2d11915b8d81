import { noteList } from "./note-list.ts";
import type { Note, Source } from "./types.ts";

export type AddNote = (kind: Note["kind"], says: string, line?: number) => void;

/** The bounded list of notes on one file. */
export function fileNotes(file: string): { readonly add: AddNote; readonly all: () => readonly Note[] } {
  const list = noteList();
  return { add: (kind, says, line) => list.add(kind, says, source(file, line)), all: list.all };
}

export const source = (file: string, line?: number): Source => (line === undefined ? { file } : { file, line });

/** `file:line`, or the file alone. */
export const where = ({ file, line }: Source): string => (line === undefined ? file : `${file}:${line}`);

/** Foreign text that is to be shown as it is: without control characters, which a terminal might obey. */
export const printable = (text: string): string => text.replace(/\p{Cc}+/gu, " ");
