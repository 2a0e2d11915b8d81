/** "PYMP", then "CTL1" or "TXT1". */
const MAGIC = 0x504d5950;
const CONTROL = 0x314c5443;
const TEXT = 0x31545854;
const STATES = ["running", "checkpoint", "look", "end"];
/** Word numbers of the control page. */
const WORD = { nonce: 2, state: 4, turn: 5, done: 6, textPages: 7, overflow: 8, domain: 9, populated: 10 };
const TEXT_START = 24;
const TEXT_ROOM = 4096 - TEXT_START;
/** A control page's words, or undefined when the payload has not yet made it or it is another run's. */
const isPage = (words, kind, nonce) => words[0] === MAGIC && words[1] === kind && words[WORD.nonce] === nonce && words[WORD.nonce + 1] === 0;
/**
 * Searches memory from its end, where dom0 usually lies, for the mailbox of a nonce (a 32-bit number).
 * Undefined while the payload has not opened it.
 */
export function findMailbox(ram, nonce) {
    const text = [];
    let control;
    let found = 0;
    let wanted = Number.POSITIVE_INFINITY;
    for (const range of ram.ranges.toReversed())
        for (let mfn = range.end - 1; mfn >= range.start && found < wanted; mfn--) {
            const words = ram.frame(mfn);
            if (words === undefined || words[0] !== MAGIC)
                continue;
            if (isPage(words, CONTROL, nonce)) {
                control = mfn;
                wanted = words[WORD.textPages];
            }
            else if (isPage(words, TEXT, nonce)) {
                text[words[4]] = mfn;
                found++;
            }
        }
    return control === undefined || found < wanted ? undefined : { control, text };
}
/** The control page's words. Undefined when its frame cannot be read. */
export function readControl(reader, mailbox) {
    const words = reader.frame(mailbox.control);
    if (words === undefined)
        return undefined;
    return {
        state: STATES[words[WORD.state]] ?? "running",
        turn: words[WORD.turn],
        overflow: words[WORD.overflow] !== 0,
        look: { domain: words[WORD.domain], populated: words[WORD.populated] },
    };
}
/** Lets a payload that waits for the host's word go on. */
export const finishTurn = (ram, mailbox, turn) => ram.writeWord(mailbox.control, WORD.done, turn);
/** The text that the payload has written since it last forgot it. */
export function readText(reader, mailbox) {
    const decoder = new TextDecoder("latin1");
    const parts = [];
    for (const mfn of mailbox.text) {
        const words = reader.frame(mfn);
        const used = Math.min(words?.[5] ?? 0, TEXT_ROOM);
        if (words === undefined || used === 0)
            break;
        parts.push(decoder.decode(new Uint8Array(words.buffer, words.byteOffset + TEXT_START, used)));
    }
    return parts.join("");
}
