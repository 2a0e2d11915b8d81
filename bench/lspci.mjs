/** Reads lspci text from standard input, once, in a fresh process; prints milliseconds of processor time. */
import { readFileSync } from "node:fs";
import { readLspci } from "../dist/inventory/index.js";
import { processorTime } from "./model.mjs";

const text = readFileSync(0, "utf8");
process.stdout.write(String(processorTime(() => readLspci(text, "lspci.txt")) / 1e6));
