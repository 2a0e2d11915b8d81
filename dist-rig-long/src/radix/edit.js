import { TABLE } from "../format/format.js";
import { storeRun, storeSame } from "./entries.js";
import { pagesAt } from "./tree.js";
/** A fresh table with every slot holding the format's empty value. */
export function newTable(tree) {
    const table = tree.memory.allocate();
    const { lo, hi } = tree.format.empty;
    if (lo !== 0 || hi !== 0)
        storeSame(tree.memory.words(table), 0, 512, lo, hi);
    return table;
}
/**
 * Fill a table of level `level - 1` with the 512 parts of a leaf of `level`. `first` is what the first part looks like
 * (flags as the hypervisor wants them, address of the whole leaf).
 */
export function fillWithParts(words, first, level) {
    storeRun(words, 0, 512, first.lo, first.hi, pagesAt(level - 1) * 4096);
}
/** Every table below an entry (the one that it points to included) is handed to `free`, children first. */
export function freeTables(tree, lo, hi, level, free) {
    if (tree.format.kindOf(lo, hi, level) !== TABLE)
        return;
    const table = tree.format.frameOf(lo, hi, level);
    const below = tree.format.nextLevelOf(lo, hi, level);
    const words = tree.memory.frame(table);
    if (words && below > 1)
        for (let i = 0; i < 2 ** tree.format.indexBits(below); i++)
            freeTables(tree, words[2 * i], words[2 * i + 1], below, free);
    free(table);
}
