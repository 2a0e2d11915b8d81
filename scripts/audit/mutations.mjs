/**
 * Flips single bits in page tables and asks the audit. Pure: what it needs of the library is handed to it, so that the test
 * may hand it the source and the script what was built.
 */

/** Numbers in [0, 1) from a seed (mulberry32), so that a run can be had again. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Memory in which one frame is another. */
const overlay = (memory, mfn, words) => ({ frame: (asked) => (asked === mfn ? words : memory.frame(asked)) });

/** Every table of a tree, with the indices of its entries that are not empty. */
function tablesOf({ format, memory, root, levels }, kinds) {
  const found = [];
  const visit = (mfn, level) => {
    const words = memory.frame(mfn);
    if (!words) return;
    const used = [];
    for (let i = 0; i < 2 ** format.indexBits(level); i++) {
      const kind = format.kindOf(words[2 * i], words[2 * i + 1], level);
      if (kind !== kinds.EMPTY) used.push(i);
      if (kind === kinds.TABLE)
        visit(
          format.frameOf(words[2 * i], words[2 * i + 1], level),
          format.nextLevelOf(words[2 * i], words[2 * i + 1], level),
        );
    }
    if (used.length > 0) found.push({ mfn, level, used });
  };
  visit(root, levels);
  return found;
}

/** What a tree does, in words: where it leads, with which rights and types, and what is wrong with it. */
function meaningOf(tree, { mappedRuns }) {
  const problems = [];
  const runs = [...mappedRuns(tree, { onProblem: ({ code, at, level }) => problems.push(`${code} ${at} ${level}`) })];
  // Runs that differ in ignored bits only are one.
  const lines = [];
  let end = null;
  for (const r of runs) {
    const words = [r.order, r.access, r.memoryType, r.ipat, r.type, r.maps === null ? null : r.maps - r.start].join(
      " ",
    );
    if (end === null || end.frame !== r.start || end.words !== words) lines.push(`${r.start} ${words}`);
    end = { frame: r.start + r.pages, words };
  }
  return [...lines, ...problems, end?.frame].join("\n");
}

const keysOf = ({ findings, rules }) =>
  new Set([
    ...findings
      .filter(({ severity }) => severity === "fault" || severity === "risk")
      .map(({ rule, tree, at, says }) => `${rule} ${tree} ${at} ${says}`),
    ...rules
      .filter(({ severity }) => severity === "fault" || severity === "risk")
      .map(({ id, findings: n }) => `${id} ${n}`),
  ]);

/**
 * Flip `count` random bits, one at a time, in entries that are not empty, each table as likely as any other. A flip is
 * harmful when it changes where something leads, its rights, its type or memory type, or makes an entry that hardware faults on;
 * named when the audit has a fault or a risk that it had not before.
 */
export function mutate(trees, count, seed, library) {
  const { audit, kinds } = library;
  const random = randomFrom(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const before = keysOf(audit({ trees }));
  const places = trees.flatMap((each) => tablesOf(each.tree, kinds).map((place) => ({ each, ...place })));
  const meanings = new Map(trees.map((each) => [each, meaningOf(each.tree, library)]));
  const tally = { flips: 0, harmful: 0, named: 0, harmless: 0, alarms: 0, missed: new Map(), alarmRules: new Map() };
  for (let n = 0; n < count; n++) {
    const { each, mfn, level, used } = pick(places);
    const index = pick(used);
    const bit = Math.floor(random() * 64);
    const words = each.tree.memory.frame(mfn).slice();
    const at = 2 * index + (bit >>> 5);
    words[at] = (words[at] ^ (1 << (bit & 31))) >>> 0;
    const memory = overlay(each.tree.memory, mfn, words);
    const changed = trees.map((t) => ({ ...t, tree: { ...t.tree, memory } }));
    const mine = changed[trees.indexOf(each)];
    const harmful = isHarmful(each, mine, words, index, level, meanings.get(each), library);
    const after = keysOf(audit({ trees: changed }));
    const named = [...after].some((key) => !before.has(key));
    tally.flips++;
    if (harmful) tally.harmful++;
    else tally.harmless++;
    if (harmful && named) tally.named++;
    if (!harmful && named) {
      tally.alarms++;
      for (const rule of new Set([...after].filter((key) => !before.has(key)).map((key) => key.split(" ")[0])))
        tally.alarmRules.set(rule, (tally.alarmRules.get(rule) ?? 0) + 1);
    }
    if (harmful && !named) {
      const what = `${each.what} ${each.tree.format.name}, ${kindName(each, mfn, index, level, library)}: bit ${bit}`;
      tally.missed.set(what, (tally.missed.get(what) ?? 0) + 1);
    }
  }
  return tally;
}

/** Whether an entry now faults, or its tree means something else. */
function isHarmful({ tree }, mine, words, index, level, meaning, library) {
  const raw = { lo: words[2 * index], hi: words[2 * index + 1] };
  const faults = (entry) => tree.format.decode(entry, level).faults.length;
  const { LEAF, TABLE, FAULT } = library.kinds;
  const present = [LEAF, TABLE, FAULT].includes(tree.format.kindOf(raw.lo, raw.hi, level));
  if (present && faults(raw) > 0) return true;
  return meaningOf(mine.tree, library) !== meaning || rightsOf(mine, raw, level, library) !== "";
}

/** The rights that a pointer takes from all below it; runs show those of leaves only. */
function rightsOf({ tree }, raw, level, { kinds }) {
  if (tree.format.kindOf(raw.lo, raw.hi, level) !== kinds.TABLE) return "";
  const { access } = tree.format.decode(raw, level);
  const all = tree.format.name === "ept" || tree.format.name === "npt" ? "rwx" : "rw-";
  return access === all ? "" : access;
}

function kindName({ tree }, mfn, index, level, { kinds }) {
  const words = tree.memory.frame(mfn);
  const kind = tree.format.kindOf(words[2 * index], words[2 * index + 1], level);
  return kind === kinds.LEAF ? `leaf of level ${level}` : kind === kinds.TABLE ? "pointer" : "software entry";
}
