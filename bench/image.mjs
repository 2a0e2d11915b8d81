/** A raw memory image to measure on: a guest's tables, as the model built them, strewn over memory that holds other things. */
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { frameHi, frameLo, TABLE } from "../dist/format/format.js";
import { readScript, runScript } from "../dist/plan/index.js";

const PAGE = 4096;
const CHUNK = 1024;

/** A BAR of 32 GiB, one page off, in 4 KiB entries: 8,388,608 leaves in some 16,400 tables, 64 MiB of them. */
const SCRIPT = {
  physmap: 1,
  kind: "script",
  hypervisor: { xen: "4.17.5", cpu: "intel", physBits: 46 },
  domains: [{ id: 1, guest: "hvm", iommu: "none", p2mPoolMiB: 128 }],
  operations: [
    { op: "iomem_permission", domain: 1, mfn: "0x380000000", pages: 2 ** 24, allow: true },
    { op: "memory_mapping", domain: 1, gfn: "0x1000001", mfn: "0x380000000", pages: 2 ** 23, add: true },
  ],
};

function modelTree() {
  const script = readScript(SCRIPT);
  if (typeof script === "string") throw new Error(script);
  const { domains, operations } = runScript(script);
  if (operations.some(({ result }) => result !== 0)) throw new Error("the script failed");
  return domains[0].p2m;
}

/** Numbers below 2^32 from a seed (mulberry32). */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** Every table of a tree under a frame number of its own choosing, with the pointers to it changed. */
function moved({ format, memory, root, levels }, frames, random) {
  const tables = new Map();
  const place = () => {
    for (;;) {
      const mfn = 1 + (random() % (frames - 1));
      if (!tables.has(mfn)) return mfn;
    }
  };
  const visit = (table, level) => {
    const to = place();
    const words = memory.frame(table).slice();
    tables.set(to, words);
    for (let i = 0; i < 1024; i += 2) {
      if (format.kindOf(words[i], words[i + 1], level) !== TABLE) continue;
      const child = visit(format.frameOf(words[i], words[i + 1], level), level - 1);
      words[i] = ((words[i] & 0xfff) | frameLo(child)) >>> 0;
      words[i + 1] = ((words[i + 1] & 0xfff00000) | frameHi(child)) >>> 0;
    }
    return to;
  };
  return { root: visit(root, levels), tables };
}

/** What a frame that is no table holds: half are zero, the others noise, a kernel's pointers, text, a process' page table. */
function fill(words, mfn, random) {
  const kind = random() % 512;
  if (kind < 256) return;
  if (kind < 352) for (let i = 0; i < 1024; i++) words[i] = random();
  else if (kind < 432)
    for (let i = 0; i < 1024; i += 2) {
      words[i] = random() & ~7;
      words[i + 1] = 0xffff8880 + (random() & 15);
    }
  else if (kind < 510) for (let i = 0; i < 1024; i++) words[i] = 0x61616161 + (random() & 0x0f0f0f0f);
  else
    for (let i = 0; i < 1024; i += 2) {
      words[i] = frameLo(mfn + i) | 0x867;
      words[i + 1] = 0x80000000;
    }
}

/** Writes the image. Returns its root as a byte address, its levels, and how many tables and leaves it has. */
export function writeImage(path, gib) {
  const frames = gib * 2 ** 18;
  const random = randomFrom(20181204);
  const tree = modelTree();
  const { root, tables } = moved(tree, frames, random);
  const file = openSync(path, "w");
  ftruncateSync(file, frames * PAGE);
  const words = new Uint32Array(CHUNK * 1024);
  for (let first = 0; first < frames; first += CHUNK) {
    words.fill(0);
    for (let i = 0; i < CHUNK; i++) {
      const here = words.subarray(i * 1024, (i + 1) * 1024);
      const table = tables.get(first + i);
      if (table) here.set(table);
      else fill(here, first + i, random);
    }
    writeSync(file, new Uint8Array(words.buffer), 0, words.byteLength, first * PAGE);
  }
  closeSync(file);
  return { root: root * PAGE, levels: tree.levels, tables: tables.size, leaves: 2 ** 23 };
}
