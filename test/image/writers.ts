/** Memory images written for the tests, in each container (page-table-formats.md 8), from frames by number. */
import { deflateSync } from "node:zlib";

export type Frames = ReadonlyMap<number, Uint8Array>;

const PAGE = 4096;
const sorted = (frames: Frames): [number, Uint8Array][] => [...frames].sort(([a], [b]) => a - b);
const concat = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** A structure of numbers at byte offsets. */
export function struct(
  length: number,
  fields: readonly (readonly [offset: number, bytes: 1 | 2 | 4 | 8, value: number])[],
  little = true,
): Uint8Array {
  const data = new DataView(new ArrayBuffer(length));
  for (const [offset, bytes, value] of fields) {
    if (bytes === 1) data.setUint8(offset, value);
    else if (bytes === 2) data.setUint16(offset, value, little);
    else if (bytes === 4) data.setUint32(offset, value, little);
    else data.setBigUint64(offset, BigInt.asUintN(64, BigInt(value)), little);
  }
  return new Uint8Array(data.buffer);
}

export const text = (bytes: Uint8Array, offset: number, value: string): Uint8Array => {
  bytes.set(Buffer.from(value, "latin1"), offset);
  return bytes;
};

/** Stretches of neighbouring frames. */
function runs(frames: Frames): { first: number; data: Uint8Array }[] {
  const found: { first: number; parts: Uint8Array[] }[] = [];
  for (const [mfn, bytes] of sorted(frames)) {
    const last = found.at(-1);
    if (last && last.first + last.parts.length === mfn) last.parts.push(bytes);
    else found.push({ first: mfn, parts: [bytes] });
  }
  return found.map(({ first, parts }) => ({ first, data: concat(...parts) }));
}

/** One piece of raw memory from `base` on; what lies between the frames is zero. */
export function raw(frames: Frames, base: number): Uint8Array {
  const last = Math.max(...frames.keys());
  const bytes = new Uint8Array((last + 1 - base) * PAGE);
  for (const [mfn, data] of frames) bytes.set(data, (mfn - base) * PAGE);
  return bytes;
}

export function lime(frames: Frames): Uint8Array {
  return concat(
    ...runs(frames).flatMap(({ first, data }) => [
      struct(32, [
        [0, 4, 0x4c694d45],
        [4, 4, 1],
        [8, 8, first * PAGE],
        [16, 8, first * PAGE + data.length - 1],
      ]),
      data,
    ]),
  );
}

export function note(name: string, type: number, desc: Uint8Array): Uint8Array {
  const padded = (n: number): number => Math.ceil(n / 4) * 4;
  const bytes = struct(12 + padded(name.length + 1) + padded(desc.length), [
    [0, 4, name.length + 1],
    [4, 4, desc.length],
    [8, 4, type],
  ]);
  text(bytes, 12, name);
  bytes.set(desc, 12 + padded(name.length + 1));
  return bytes;
}

const elfHeader = (fields: readonly (readonly [number, 1 | 2 | 4 | 8, number])[]): Uint8Array =>
  text(
    struct(64, [
      [4, 1, 2],
      [5, 1, 1],
      [6, 1, 1],
      [16, 2, 4],
      [18, 2, 62],
      [20, 4, 1],
      [52, 2, 64],
      [54, 2, 56],
      [58, 2, 64],
      ...fields,
    ]),
    0,
    "\x7fELF",
  );

/** QEMU's dump-guest-memory: notes, then one PT_LOAD a range. `zeros` more bytes of each are memory without file bytes. */
export function elf(
  frames: Frames,
  options: { notes?: Uint8Array; zeros?: number; extended?: boolean } = {},
): Uint8Array {
  const { notes = new Uint8Array(0), zeros = 0, extended = false } = options;
  const loads = runs(frames);
  const count = loads.length + 1;
  const start = 64 + count * 56 + (extended ? 64 : 0);
  let offset = start + notes.length;
  const headers = [
    struct(56, [
      [0, 4, 4],
      [8, 8, start],
      [32, 8, notes.length],
      [40, 8, notes.length],
    ]),
  ];
  for (const { first, data } of loads) {
    headers.push(
      struct(56, [
        [0, 4, 1],
        [8, 8, offset],
        [24, 8, first * PAGE],
        [32, 8, data.length],
        [40, 8, data.length + zeros],
      ]),
    );
    offset += data.length;
  }
  const section = extended ? [struct(64, [[44, 4, count]])] : [];
  return concat(
    elfHeader([
      [32, 8, 64],
      [56, 2, extended ? 0xffff : count],
      ...(extended
        ? ([
            [40, 8, 64 + count * 56],
            [60, 2, 1],
          ] as const)
        : []),
    ]),
    ...headers,
    ...section,
    notes,
    ...loads.map(({ data }) => data),
  );
}

/** `xl dump-core`. A PV domain's frames are machine frames, each behind a pfn of its own. */
export function xenCore(frames: Frames, pv = false): Uint8Array {
  const pages = sorted(frames);
  const names = "\0.shstrtab\0.note.Xen\0.xen_pfn\0.xen_p2m\0.xen_pages\0";
  const header = note(
    "Xen",
    0x2000001,
    struct(32, [
      [0, 8, pv ? 0xf00febed : 0xf00febee],
      [8, 8, 1],
      [16, 8, pages.length],
      [24, 8, PAGE],
    ]),
  );
  const array = concat(
    ...pages.map(([mfn], i) =>
      pv
        ? struct(16, [
            [0, 8, i],
            [8, 8, mfn],
          ])
        : struct(8, [[0, 8, mfn]]),
    ),
  );
  const bodies = [
    text(new Uint8Array(names.length), 0, names),
    header,
    array,
    concat(...pages.map(([, data]) => data)),
  ];
  const titles = [".shstrtab", ".note.Xen", pv ? ".xen_p2m" : ".xen_pfn", ".xen_pages"];
  let offset = 64 + 64 * 5;
  const sections = bodies.map((body, i) => {
    const section = struct(64, [
      [0, 4, names.indexOf(titles[i]!)],
      [4, 4, 1],
      [24, 8, offset],
      [32, 8, body.length],
    ]);
    offset += body.length;
    return section;
  });
  return concat(
    elfHeader([
      [40, 8, 64],
      [60, 2, 5],
      [62, 2, 1],
    ]),
    new Uint8Array(64),
    ...sections,
    ...bodies,
  );
}

export type Packer = { readonly flag: number; readonly pack: (page: Uint8Array) => Uint8Array };

export interface KdumpOptions {
  readonly packers?: readonly Packer[];
  /** Frames that exist but were filtered. */
  readonly excluded?: readonly number[];
  readonly split?: readonly [first: number, end: number];
  readonly version?: number;
}

/** A page that does not shrink is stored as it is, as the dumpers do. All-zero pages share their data. */
export function kdump(
  frames: Frames,
  { packers = [], excluded = [], split, version = 6 }: KdumpOptions = {},
): Uint8Array {
  const pages = sorted(frames);
  const end = Math.max(...frames.keys(), ...excluded) + 1;
  const half = Math.ceil(Math.ceil(end / 8) / PAGE) * PAGE;
  const exists = new Uint8Array(half);
  const dumped = new Uint8Array(half);
  const set = (map: Uint8Array, bit: number): void => {
    map[bit >> 3]! |= 1 << (bit & 7);
  };
  for (const [mfn] of pages) {
    set(exists, mfn);
    set(dumped, mfn);
  }
  for (const mfn of excluded) set(exists, mfn);
  const head = struct(PAGE, [
    [8, 4, version],
    [428, 4, PAGE],
    [432, 4, 1],
    [436, 4, (half * 2) / PAGE],
    [440, 4, Math.min(end, 0xffffffff)],
  ]);
  text(text(head, 0, "KDUMP   "), 12 + 130, "6.1.0-test");
  const sub = struct(PAGE, [
    ...(split
      ? ([
          [12, 4, 1],
          [16, 8, split[0]],
          [24, 8, split[1]],
          [80, 8, split[0]],
          [88, 8, split[1]],
        ] as const)
      : []),
    [96, 8, end],
  ]);
  const held = split ? pages.filter(([mfn]) => mfn >= split[0] && mfn < split[1]) : pages;
  let offset = PAGE * 2 + half * 2 + held.length * 24;
  let zero: number | undefined;
  const data: Uint8Array[] = [];
  const descriptors = held.map(([, page], i) => {
    const packer = packers.length > 0 ? packers[i % packers.length] : undefined;
    const packed = packer?.pack(page);
    const small = packed && packed.length < PAGE;
    const bytes = small ? packed : page;
    const isZero = !small && page.every((byte) => byte === 0);
    const at = isZero && zero !== undefined ? zero : offset;
    if (at === offset) {
      data.push(bytes);
      offset += bytes.length;
    }
    if (isZero) zero ??= at;
    return struct(24, [
      [0, 8, at],
      [8, 4, bytes.length],
      [12, 4, small ? packer!.flag : 0],
    ]);
  });
  return concat(head, sub, exists, dumped, ...descriptors, ...data);
}

/** The flattened wrapper: records of at most `size` bytes, the first one written twice, wrong the first time. */
export function flatten(bytes: Uint8Array, size = 1000): Uint8Array {
  const record = (offset: number, data: Uint8Array): Uint8Array[] => [
    struct(
      16,
      [
        [0, 8, offset],
        [8, 8, data.length],
      ],
      false,
    ),
    data,
  ];
  const parts = [
    text(
      struct(
        PAGE,
        [
          [16, 8, 1],
          [24, 8, 1],
        ],
        false,
      ),
      0,
      "makedumpfile",
    ),
    ...record(0, new Uint8Array(Math.min(size + 77, bytes.length)).fill(0xee)),
  ];
  const rest: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size)
    (at < 2 * size ? rest : parts).push(...record(at, bytes.subarray(at, at + size)));
  return concat(...parts, ...rest, ...record(-1, new Uint8Array(0)).slice(0, 1));
}

const zlibPacker: Packer = { flag: 1, pack: (page) => new Uint8Array(deflateSync(page)) };

/** Stretches of `pack`: bytes as they are, or a copy of what stood `distance` bytes back. */
type Piece = { readonly text: Uint8Array } | { readonly distance: number; readonly length: number };

/** Finds repetitions of 4 bytes and more with a table of where they were last; copies are at most `longest` bytes. */
function pieces(page: Uint8Array, longest: number): Piece[] {
  const seen = new Map<number, number>();
  const found: Piece[] = [];
  let from = 0;
  for (let at = 0; at < page.length; ) {
    const key = at + 4 <= page.length ? new DataView(page.buffer, page.byteOffset + at, 4).getUint32(0) : -1;
    const before = key < 0 ? undefined : seen.get(key);
    if (key >= 0) seen.set(key, at);
    let length = 0;
    if (before !== undefined)
      while (length < longest && at + length < page.length && page[at + length] === page[before + length]) length++;
    if (before === undefined || length < 4) {
      at++;
      continue;
    }
    if (at > from) found.push({ text: page.subarray(from, at) });
    found.push({ distance: at - before, length });
    at += length;
    from = at;
  }
  if (from < page.length) found.push({ text: page.subarray(from) });
  return found;
}

const snappyPacker: Packer = {
  flag: 4,
  pack: (page) => {
    const out: number[] = [0x80, 0x20];
    for (const piece of pieces(page, 64)) {
      if ("text" in piece) {
        const n = piece.text.length - 1;
        if (n < 60) out.push(n << 2);
        else if (n < 256) out.push(60 << 2, n);
        else out.push(61 << 2, n & 255, n >> 8);
        out.push(...piece.text);
      } else if (piece.length <= 11 && piece.distance < 2048)
        out.push(1 | ((piece.length - 4) << 2) | ((piece.distance >> 8) << 5), piece.distance & 255);
      else if (piece.distance % 2 === 0)
        out.push(2 | ((piece.length - 1) << 2), piece.distance & 255, piece.distance >> 8);
      else out.push(3 | ((piece.length - 1) << 2), piece.distance & 255, piece.distance >> 8, 0, 0);
    }
    return Uint8Array.from(out);
  },
};

const lzoPacker: Packer = {
  flag: 2,
  pack: (page) => {
    const out: number[] = [];
    /** Where the two bits stand that count the literals after a copy. */
    let count = -1;
    const more = (n: number): void => {
      for (; n > 255; n -= 255) out.push(0);
      out.push(n);
    };
    for (const piece of pieces(page, 3000)) {
      if ("text" in piece) {
        const n = piece.text.length;
        if (out.length === 0 && n <= 238) out.push(n + 17);
        else if (count >= 0 && n < 4) out[count]! |= n;
        else if (n <= 3) {
          // Too few for a run of their own: taken together with nothing, written as the first bytes only.
          throw new Error("a short run after a run");
        } else if (n <= 18) out.push(n - 3);
        else {
          out.push(0);
          more(n - 18);
        }
        out.push(...piece.text);
        count = -1;
        continue;
      }
      const { distance, length } = piece;
      const d = distance - 1;
      if (length <= 8 && distance <= 2048) {
        count = out.length;
        out.push((length >= 5 ? 0x80 | ((length - 5) << 5) : 0x40 | ((length - 3) << 5)) | ((d & 7) << 2), d >> 3);
      } else {
        if (length <= 33) out.push(0x20 | (length - 2));
        else {
          out.push(0x20);
          more(length - 33);
        }
        count = out.length;
        out.push((d & 63) << 2, d >> 6);
      }
    }
    return Uint8Array.from([...out, 0x11, 0, 0]);
  },
};

/** Zstandard without entropy coding: a block of one byte repeated, or blocks as they are. */
const zstdPacker: Packer = {
  flag: 0x20,
  pack: (page) => {
    const half = page.length / 2;
    const block = (part: Uint8Array, last: number): number[] => {
      const same = part.every((byte) => byte === part[0]);
      const header = last | ((same ? 1 : 0) << 1) | (part.length << 3);
      return [header & 255, (header >> 8) & 255, header >> 16, ...(same ? part.subarray(0, 1) : part)];
    };
    return Uint8Array.from([
      0x28,
      0xb5,
      0x2f,
      0xfd,
      0x60,
      0x00,
      0x0f,
      ...block(page.subarray(0, half), 0),
      ...block(page.subarray(half), 1),
    ]);
  },
};

export const PACKERS = { zlib: zlibPacker, lzo: lzoPacker, snappy: snappyPacker, zstd: zstdPacker } as const;
