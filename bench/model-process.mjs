/**
 * Runs the model's candidates when it is asked to, in a process of its own: one that starts others (the C programs) has to
 * make each of its pages again at the next write.
 */
import { carriedOut, eightDevices, inBulk } from "./model.mjs";
import { inPlainJavaScript } from "./plain.mjs";

const CANDIDATES = { stepModel: carriedOut, stepPlain: inPlainJavaScript, bulkModel: inBulk, mapping: eightDevices };

process.on("message", ({ name, pages }) => process.send(CANDIDATES[name](pages)));
