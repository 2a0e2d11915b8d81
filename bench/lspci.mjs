/** Reads lspci text from standard input, once, in a fresh process; prints wall-clock and processor milliseconds. */
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { readLspci } from "../dist/inventory/index.js";
import { processorTime } from "./model.mjs";

const text = readFileSync(0, "utf8");
const start = performance.now();
const processor = processorTime(() => readLspci(text, "lspci.txt")) / 1e6;
process.stdout.write(JSON.stringify({ wall: performance.now() - start, processor }));
