/** Every reader of foreign bytes and text, with inputs that are nearly right. */
import fc from "fast-check";
import { lzo1x } from "../../src/image/codec/lzo1x.ts";
import type { Decompress } from "../../src/image/codec/output.ts";
import { snappy } from "../../src/image/codec/snappy.ts";
import { zlib } from "../../src/image/codec/zlib.ts";
import { zstd } from "../../src/image/codec/zstd.ts";
import { makeSnapshot, type Snapshot, snapshotTrees } from "../../src/image/snapshot.ts";
import { diffSides, sideOfDump } from "../../src/inspect/diff.ts";
import { rootsInLog } from "../../src/inspect/roots-log.ts";
import { readTextDumps } from "../../src/inspect/text/read.ts";
import { walkTables } from "../../src/inspect/why.ts";
import { readConfigSpace } from "../../src/inventory/config-space.ts";
import { INPUT_KINDS, type InputKind, type Inventory, readInputs, readSysfsTree } from "../../src/inventory/index.ts";
import { parseKeys, readScript, readTrace } from "../../src/plan/index.ts";
import { PACKERS } from "../image/writers.ts";
import { goldenTrees } from "../inspect/audit/goldens.ts";
import { configSpace } from "../inventory/fixtures-pci/blaster.ts";
import { memoryTree } from "../inventory/fixtures-pci/memory-tree.ts";
import { ALL_OPERATIONS } from "../schemas/scripts.ts";
import { FRAMES, IMAGES, readThrough } from "./images.ts";
import { inspect, machineBytes } from "./machine.ts";
import { mutateBytes, mutateText, type Random } from "./mutate.ts";
import { expectSentence, refusal, type Structured, type Target, type Verdict } from "./target.ts";
import { DUMPS, INPUTS, RESOURCE, ROOT_LOGS, TRACES } from "./texts.ts";

const structured = <T>(inputs: fc.Arbitrary<T>, read: (input: T) => Verdict): Structured<unknown> =>
  ({ inputs, read }) as Structured<unknown>;

const u64 = fc.oneof(
  fc.constantFrom(0n, 1n, 0x1000n, 0xffffffffn, 1n << 32n, 1n << 40n, (1n << 52n) - 1n, 1n << 63n, (1n << 64n) - 1n),
  fc.bigInt(0n, 0x20000n),
  fc.bigInt(0n, (1n << 64n) - 1n),
);

// Memory images.

const bytesOf = (parts: readonly (readonly [width: number, value: bigint])[], tail: number): Uint8Array => {
  const bytes = new Uint8Array(parts.reduce((sum, [width]) => sum + width, 0) + tail);
  const data = new DataView(bytes.buffer);
  let at = 0;
  for (const [width, value] of parts) {
    if (width === 8) data.setBigUint64(at, BigInt.asUintN(64, value), true);
    else if (width === 4) data.setUint32(at, Number(BigInt.asUintN(32, value)), true);
    else if (width === 2) data.setUint16(at, Number(BigInt.asUintN(16, value)), true);
    else bytes[at] = Number(value & 0xffn);
    at += width;
  }
  return bytes;
};

/** LiME ranges, ELF program headers: as many as one likes, with numbers that fit nothing. */
const limeFiles = fc
  .array(fc.tuple(fc.constantFrom(0x4c694d45n, 0x4c694d45n, 0x4c694d45n, 0n), fc.constantFrom(1n, 1n, 2n), u64, u64), {
    maxLength: 6,
  })
  .map((ranges) =>
    bytesOf(
      ranges.flatMap(
        ([magic, version, start, end]) =>
          [
            [4, magic],
            [4, version],
            [8, start],
            [8, end],
            [8, 0n],
          ] as const,
      ),
      4096,
    ),
  );
const elfFiles = fc
  .tuple(
    fc.array(fc.tuple(fc.constantFrom(1n, 1n, 4n, 0n), u64, u64, u64, u64), { maxLength: 8 }),
    fc.constantFrom(56n, 56n, 0n, 64n),
    u64,
  )
  .map(([headers, size, sections]) =>
    bytesOf(
      [
        ...[0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0].map((byte) => [1, BigInt(byte)] as const),
        [2, 4n],
        [2, 62n],
        [4, 1n],
        [8, 0n],
        [8, 64n],
        [8, sections],
        [4, 0n],
        [2, 64n],
        [2, size],
        [2, BigInt(headers.length)],
        [2, 64n],
        [2, 0n],
        [2, 0n],
        ...headers.flatMap(
          ([type, offset, paddr, filesz, memsz]) =>
            [
              [4, type],
              [4, 7n],
              [8, offset],
              [8, 0n],
              [8, paddr],
              [8, filesz],
              [8, memsz],
              [8, 0n],
            ] as const,
        ),
      ],
      8192,
    ),
  );

const others = IMAGES.map(([, bytes]) => bytes);
const images = IMAGES.map(
  ([name, sample, headers]): Target => ({
    name,
    weight: name.startsWith("kdump") ? 1 : 3,
    mutated: (random) => readThrough(mutateBytes(sample, headers, others, random)),
    ...(name === "LiME" ? { structured: structured(limeFiles, readThrough) } : {}),
    ...(name === "ELF core" ? { structured: structured(elfFiles, readThrough) } : {}),
  }),
);

// Compressed pages.

const page = FRAMES.get(0x8003)!;
const mixed = Uint8Array.from({ length: 4096 }, (_, i) =>
  i < 2048 ? (i * i * 7) >> 3 : "physmap "[i % 8]!.charCodeAt(0),
);
const CODECS: Readonly<Record<keyof typeof PACKERS, Decompress>> = { zlib, lzo: lzo1x, snappy, zstd };
const codecs = Object.entries(CODECS).map(([name, decompress]): Target => {
  const samples = [page, mixed].map((bytes) => PACKERS[name as keyof typeof PACKERS].pack(bytes));
  const read = (bytes: Uint8Array): Verdict => {
    const found = decompress(bytes, 4096);
    if (typeof found === "string") {
      expectSentence(found);
      return "refused";
    }
    if (found.length !== 4096) throw new Error(`a page of ${found.length} bytes`);
    return "read";
  };
  return {
    name: `${name}-compressed pages`,
    weight: 10,
    mutated(random) {
      const sample = samples[random(2)]!;
      return read(mutateBytes(sample, sample.length, samples, random));
    },
    structured: structured(fc.uint8Array({ maxLength: 300 }), read),
  };
});

// Page tables, and what names their roots.

const memory = machineBytes();
const entry = fc.tuple(
  fc.constantFrom(0n, 1n, 3n, 7n, 0x67n, 0x83n, 0x87n, 0x601n | (3n << 61n), 0x8000000000000000n),
  fc.bigInt(0x10000n, 0x10040n),
);
const tables: Target = {
  name: "page tables, and structures that name roots: roots, tables, why, audit, diff, snapshot",
  weight: 0.3,
  mutated: (random) => inspect(mutateBytes(memory, memory.length, [memory], random), random(2 ** 20)),
  structured: structured(
    fc.array(
      fc.tuple(
        fc.nat(64 * 512 - 1),
        fc.oneof(
          entry.map(([flags, frame]) => flags | (frame << 12n)),
          u64,
        ),
      ),
      { maxLength: 200 },
    ),
    (changes) => {
      const words = new BigUint64Array(64 * 512);
      for (const [at, value] of changes) words[at] = value;
      return inspect(new Uint8Array(words.buffer), 0x100);
    },
  ),
};

// JSON.

/** What is no JSON says so in Node's own words. */
function parsed(text: string): { readonly document: unknown } | null {
  try {
    return { document: JSON.parse(text) };
  } catch {
    return null;
  }
}

const snapshotText = JSON.stringify(
  makeSnapshot(
    { host: "x" },
    goldenTrees("ept_s5a_417").map(({ what, tree }) => ({ domain: 1, what, tree })),
  ),
);
function readSnapshotText(text: string): Verdict {
  const json = parsed(text);
  const found = json && refusal([SyntaxError], () => snapshotTrees(json.document as Snapshot));
  if (found)
    walkTables(
      0,
      found.map(({ tree }) => ({ name: "x", domain: 1, what: "p2m", tree })),
      [],
    );
  return found ? "read" : "refused";
}
const word = fc.oneof(
  u64.map((value) => `0x${value.toString(16)}`),
  fc.constantFrom("-0x1", "0x", "1", "0xG", ""),
  fc.string({ maxLength: 8 }),
);
const json = fc.oneof(word, fc.tuple(word, word), fc.jsonValue());
const index = fc.oneof(
  fc.nat(520).map(String),
  fc.tuple(fc.nat(520), fc.nat(520)).map(([a, b]) => `${a}-${b}`),
  fc.string({ maxLength: 6 }),
);
const snapshots: Target = {
  name: "snapshots",
  weight: 3,
  mutated: (random) => readSnapshotText(mutateText(snapshotText, [snapshotText], random)),
  structured: structured(
    fc.record({
      roots: fc.oneof(
        fc.array(
          fc.record({
            domain: json,
            what: json,
            format: fc.constantFrom("ept", "npt", "vtd", "amdvi", "x86"),
            root: word,
            levels: fc.oneof(fc.nat(8), json),
          }),
          { maxLength: 3 },
        ),
        json,
      ),
      frames: fc.oneof(
        fc.dictionary(word, fc.oneof(fc.dictionary(index, json, { maxKeys: 6 }), json), { maxKeys: 4 }),
        json,
      ),
    }),
    (document) => readSnapshotText(JSON.stringify(document)),
  ),
};

const scriptText = JSON.stringify(ALL_OPERATIONS);
function readScriptText(text: string): Verdict {
  const json = parsed(text);
  if (!json) return "refused";
  const script = readScript(json.document);
  if (typeof script === "string") expectSentence(script);
  return typeof script === "string" ? "refused" : "read";
}
const scripts: Target = {
  name: "operation scripts",
  weight: 1.5,
  mutated: (random) => readScriptText(mutateText(scriptText, [scriptText], random)),
  structured: structured(fc.jsonValue(), (value) =>
    readScriptText(JSON.stringify({ ...ALL_OPERATIONS, operations: value })),
  ),
};

// Text.

function readDumpText(text: string, format: "ept" | "npt" | "vtd" | "amdvi"): Verdict {
  const { dumps, notes } = readTextDumps(text, { format });
  for (const { says } of notes) expectSentence(says);
  const sides = dumps.map(sideOfDump);
  diffSides(sides.slice(0, 2), sides.slice(-1));
  walkTables(0x100000, [], dumps);
  return dumps.length > 0 ? "read" : "refused";
}
const FORMATS = ["ept", "npt", "vtd", "amdvi"] as const;
const dumpWords = [...new Set(DUMPS.join(" ").split(/(\s+|[=:@|])/))];
const textOf = (words: readonly string[]): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...words) },
        { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 6 }) },
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join(""));
const dumps: Target = {
  name: "pasted text dumps",
  weight: 5,
  mutated: (random) => readDumpText(mutateText(DUMPS[random(DUMPS.length)]!, DUMPS, random), FORMATS[random(4)]!),
  structured: structured(textOf(dumpWords), (text) => readDumpText(text, "ept")),
};

const logs: Target = {
  name: "logs that name roots",
  weight: 5,
  mutated(random) {
    const hints = rootsInLog(mutateText(ROOT_LOGS[0]!, ROOT_LOGS, random).split("\n"));
    for (const { root, says } of hints) {
      expectSentence(says);
      if (!(root >= 0 && root < 2 ** 40)) throw new Error(`root ${root}`);
    }
    return hints.length > 0 ? "read" : "refused";
  },
};

const traces: Target = {
  name: "logs of mappings",
  weight: 2,
  mutated(random) {
    const { requests } = readTrace(mutateText(TRACES[0]!, [...TRACES, ...INPUTS], random), "f");
    return requests.length > 0 ? "read" : "refused";
  },
};

function sound({ notes, devices }: Inventory): Verdict {
  for (const { says } of notes) expectSentence(says);
  return devices.length > 0 || notes.length === 0 ? "read" : "refused";
}
const kindOf = (random: Random): { kind?: InputKind } =>
  random(3) === 0 ? { kind: INPUT_KINDS[random(INPUT_KINDS.length)]! } : {};
const inventory: Target = {
  name: "lspci, xl info, xl dmesg, configurations, command lines, iomem, collect",
  weight: 2.5,
  mutated: (random) =>
    sound(
      readInputs([{ name: "f", text: mutateText(INPUTS[random(INPUTS.length)]!, INPUTS, random), ...kindOf(random) }]),
    ),
  structured: structured(textOf([...new Set(INPUTS.join(" ").split(/(\s+|[=:,[\](){}"])/))]), (text) =>
    sound(readInputs([{ name: "f", text }])),
  ),
};

const config = configSpace();
const spaces: Target = {
  name: "configuration space and sysfs",
  weight: 3,
  mutated(random) {
    const bytes = mutateBytes(config, 0x200, [config], random);
    readConfigSpace(bytes, () => ({ file: "f" }));
    const resource = mutateText(RESOURCE, [RESOURCE], random);
    const { devices, notes } = readSysfsTree(
      memoryTree({ "0000:3f:00.0/config": bytes, "0000:3f:00.0/resource": resource }),
      "f",
    );
    for (const { says } of notes) expectSentence(says);
    return devices.length > 0 ? "read" : "refused";
  },
  structured: structured(fc.uint8Array({ maxLength: 4200 }), (bytes) => {
    readConfigSpace(bytes, () => ({ file: "f" }));
    return "read";
  }),
};

const KEYS = [
  "xen=4.17.5,cpu=amd,cmdline=iommu=no-sharept,phys-bits=46,bar-address=82:00.0:1=0x1000000000,hap=on,device=82:00.0",
];
const keys: Target = {
  name: "scenario keys",
  weight: 3,
  mutated(random) {
    const found = parseKeys(mutateText(KEYS[0]!, KEYS, random));
    if (typeof found === "string") expectSentence(found);
    return typeof found === "string" ? "refused" : "read";
  },
};

export const TARGETS: readonly Target[] = [
  ...images,
  ...codecs,
  tables,
  snapshots,
  scripts,
  dumps,
  logs,
  traces,
  inventory,
  spaces,
  keys,
];
