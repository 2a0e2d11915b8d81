/**
 * Runs the model's candidates when it is asked to, in a process of its own: one that starts others (the C programs) has to
 * make each of its pages again at the next write. Bundled by bench/speed.mjs, as the command line is.
 */
import { carriedOut, eightDevices, inBulk, setEach } from "./model.mjs";

const CANDIDATES = { setModel: setEach, mapModel: carriedOut, bulkModel: inBulk, mapping: eightDevices };
/** Rounds in a row, of which the best counts, as in the C program. */
const ROUNDS = 3;

process.on("message", ({ name, pages }) =>
  process.send(Math.min(...Array.from({ length: ROUNDS }, () => CANDIDATES[name](pages)))),
);
