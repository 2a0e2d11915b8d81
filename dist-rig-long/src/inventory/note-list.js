export function noteList(limit = 200) {
    const notes = [];
    let left = 0;
    return {
        add(kind, says, from) {
            if (notes.length >= limit)
                left++;
            else
                notes.push(from === undefined ? { kind, says } : { kind, says, from });
        },
        all: () => (left === 0 ? notes : [...notes, { kind: "info", says: `${left} more notes were left out` }]),
    };
}
const MAX_QUOTED = 120;
/** Foreign text inside a note: one line, printable, of bounded length. */
export function quote(text) {
    // Escape sequences in a log must not reach the reader's terminal.
    const clean = text
        .trim()
        .slice(0, MAX_QUOTED + 1)
        .replace(/\p{Cc}+/gu, " ");
    return clean.length > MAX_QUOTED ? `"${clean.slice(0, MAX_QUOTED)}…"` : `"${clean}"`;
}
const MAX_LISTED = 8;
/** Some devices by name, for a note that would otherwise repeat for each. */
export function listDevices(bdfs) {
    const shown = bdfs.slice(0, MAX_LISTED).join(", ");
    return bdfs.length > MAX_LISTED ? `${shown} and ${bdfs.length - MAX_LISTED} more` : shown;
}
