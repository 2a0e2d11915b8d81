import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { PAGE_SIZE } from "../src/address.js";
import { WORDS } from "../src/memory/memory.js";
/**
 * QEMU's q35: memory below 4 GiB ends at 2 GiB as soon as there is 2.75 GiB of it (rig.md 2), the rest starts at 4 GiB.
 */
export function q35Pieces(memoryMiB) {
    const pages = memoryMiB * 256;
    if (memoryMiB < 2816)
        return [{ start: 0, pages, at: 0 }];
    const low = 2048 * 256;
    return [
        { start: 0, pages: low, at: 0 },
        { start: 4096 * 256, pages: pages - low, at: low },
    ];
}
/** Opens a memory file. Frames that the file is too short for are missing, not zero. */
export function openRam(file, pieces, writable = false) {
    const fd = openSync(file, writable ? "r+" : "r");
    const filePages = Math.floor(fstatSync(fd).size / PAGE_SIZE);
    const positionOf = (mfn) => {
        const piece = pieces.find((p) => mfn >= p.start && mfn < p.start + p.pages);
        if (piece === undefined || mfn - piece.start + piece.at >= filePages)
            return undefined;
        return (mfn - piece.start + piece.at) * PAGE_SIZE;
    };
    const last = pieces.at(-1);
    return {
        end: last ? last.start + last.pages : 0,
        ranges: pieces.map((p) => ({ start: p.start, end: p.start + p.pages })),
        frame(mfn) {
            const position = positionOf(mfn);
            if (position === undefined)
                return undefined;
            const words = new Uint32Array(WORDS);
            return readSync(fd, words, 0, PAGE_SIZE, position) === PAGE_SIZE ? words : undefined;
        },
        writeWord(mfn, word, value) {
            const position = positionOf(mfn);
            if (position === undefined)
                throw new RangeError(`frame 0x${mfn.toString(16)} is not in the machine's memory`);
            writeSync(fd, Uint32Array.of(value), 0, 4, position + 4 * word);
        },
        close: () => closeSync(fd),
    };
}
