import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bits64,
  decodeAmdViCapabilityHeader,
  decodeAmdViFeatures,
  decodeContextEntry,
  decodeDeviceTableBase,
  decodeDeviceTableEntry,
  decodeEptCapabilities,
  decodeEptp,
  decodePasidDirectoryEntry,
  decodePasidEntry,
  decodeRootEntry,
  decodeRootTableAddress,
  decodeScalableContextEntry,
  decodeScalableRootEntry,
  decodeVtdCapability,
  decodeVtdExtendedCapability,
  encodeContextEntry,
  encodeDeviceTableBase,
  encodeDeviceTableEntry,
  encodeEptp,
  encodePasidDirectoryEntry,
  encodePasidEntry,
  encodeRootEntry,
  encodeScalableContextEntry,
  encodeScalableRootEntry,
  type Raw,
  type Reading,
  raw64,
} from "../../src/format/index.ts";

const codes = ({ faults }: Reading) => faults.map((f) => f.code);
const words = (...values: bigint[]): Raw[] => values.map(raw64);
const values = (raws: readonly Raw[]) => raws.map(bits64);

describe("EPTP (page-table-formats.md 1.1, 1.8)", () => {
  it("reads and writes the vectors", () => {
    const four = decodeEptp(raw64(0x7f00005en));
    expect(four).toMatchObject({ frame: 0x7f000, levels: 4, memoryType: "WB", accessedDirty: true, faults: [] });
    const five = decodeEptp(raw64(0x7f000026n));
    expect(five).toMatchObject({ frame: 0x7f000, levels: 5, memoryType: "WB", accessedDirty: false, faults: [] });
    expect(bits64(encodeEptp({ frame: 0x7f000, levels: 4, accessedDirty: true }))).toBe(0x7f00005en);
    expect(bits64(encodeEptp({ frame: 0x7f000, levels: 5 }))).toBe(0x7f000026n);
    expect(bits64(encodeEptp({ frame: 0x7f000, levels: 4, memoryType: "UC" }))).toBe(0x7f000018n);
    expect(() => encodeEptp({ frame: 0, levels: 3 })).toThrow(/4 or 5/);
    expect(() => encodeEptp({ frame: 2 ** 40, levels: 4 })).toThrow(/root/);
  });

  it("finds what makes VM entry fail", () => {
    const at = (raw: bigint) => codes(decodeEptp(raw64(raw), { physBits: 46 }));
    expect(at(0x7f00005dn)).toEqual(["memory-type-illegal"]);
    expect(at(0x7f000056n)).toEqual(["walk-length-illegal"]);
    expect(at(0x7f00015en)).toEqual(["reserved-bits"]);
    expect(at(0x40007f00005en)).toEqual(["address-beyond-width"]);
    expect(at(0x800000007f00005en)).toEqual(["reserved-bits"]);
  });

  it("asks the capability MSR", () => {
    // Bits 6, 14, 16, 17: 4 levels, WB, 2 MiB, 1 GiB.
    const some = decodeEptCapabilities(raw64(0x34040n));
    expect(some).toMatchObject({ levels: [4], uc: false, wb: true, has2m: true, has1g: true, executeOnly: false });
    const against = (raw: bigint) => codes(decodeEptp(raw64(raw), { capabilities: some }));
    expect(against(0x7f00001en)).toEqual([]);
    expect(against(0x7f000018n)).toEqual(["memory-type-illegal"]);
    expect(against(0x7f000026n)).toEqual(["walk-length-illegal"]);
    expect(against(0x7f0000den)).toEqual(["accessed-dirty-unsupported", "shadow-stack-unsupported"]);
    // Bits 0, 7, 8, 21, 23.
    expect(decodeEptCapabilities(raw64(0xa00181n))).toMatchObject({
      executeOnly: true,
      levels: [5],
      uc: true,
      accessedDirty: true,
      supervisorShadowStack: true,
    });
  });
});

describe("VT-d roots (page-table-formats.md 3.1, 3.2, 3.8)", () => {
  it("root-table address register", () => {
    const modes = [0x7f000000n, 0x7f000400n, 0x7f000800n, 0x7f000c00n].map((v) => decodeRootTableAddress(raw64(v)));
    expect(modes.map((m) => m.mode)).toEqual(["legacy", "scalable", "reserved", "abort"]);
    expect(modes.map((m) => m.frame)).toEqual([0x7f000, 0x7f000, 0x7f000, 0x7f000]);
    expect(modes.map((m) => m.faults.length)).toEqual([0, 0, 1, 0]);
  });

  it("root entries", () => {
    expect(decodeRootEntry(words(0x7f001001n, 0n))).toMatchObject({ frame: 0x7f001, faults: [] });
    expect(decodeRootEntry(words(0x7f001000n, 0n))).toMatchObject({ frame: null, faults: [] });
    expect(codes(decodeRootEntry(words(0x7f001003n, 1n)))).toEqual(["reserved-bits", "reserved-bits"]);
    expect(codes(decodeRootEntry(words(0x400000000001n, 0n), { haw: 46 }))).toEqual(["address-beyond-width"]);
    expect(values(encodeRootEntry(0x7f001))).toEqual([0x7f001001n, 0n]);
    const both = decodeScalableRootEntry(words(0x7f001001n, 0x7f002001n));
    expect(both).toMatchObject({ lower: 0x7f001, upper: 0x7f002 });
    expect(decodeScalableRootEntry(words(0x7f001000n, 0x7f002001n))).toMatchObject({ lower: null, upper: 0x7f002 });
    expect(values(encodeScalableRootEntry(null, 0x7f002))).toEqual([0n, 0x7f002001n]);
  });

  it("legacy context entry", () => {
    const vector = decodeContextEntry(words(0x7f000001n, 0x502n));
    expect(vector).toMatchObject({ present: true, translation: "multi-level", frame: 0x7f000, levels: 4, width: 48 });
    expect(vector).toMatchObject({ domainId: 5, faults: [] });
    expect(values(encodeContextEntry({ frame: 0x7f000, levels: 4, domainId: 5 }))).toEqual([0x7f000001n, 0x502n]);
    const through = encodeContextEntry({ frame: 0, levels: 5, domainId: 0xffff, translation: "pass-through" });
    expect(values(through)).toEqual([0x9n, 0xffff03n]);
    expect(decodeContextEntry(through)).toMatchObject({
      translation: "pass-through",
      frame: null,
      levels: 5,
      width: 57,
    });
    expect(codes(decodeContextEntry(words(0xdn, 2n)))).toEqual(["reserved-translation-type"]);
    expect(codes(decodeContextEntry(words(0x1n, 4n)))).toEqual(["reserved-address-width"]);
    expect(codes(decodeContextEntry(words(0x11n, 0x1000082n)))).toEqual([
      "reserved-bits",
      "reserved-bits",
      "reserved-bits",
    ]);
    expect(codes(decodeContextEntry(words(0x1n, 0x7an)))).toEqual([]);
    expect(codes(decodeContextEntry(words(0xf0n, 0xffffffffffffffffn)))).toEqual([]);
    expect(() => encodeContextEntry({ frame: 0, levels: 6, domainId: 0 })).toThrow(/3 to 5/);
    expect(() => encodeContextEntry({ frame: 0, levels: 3, domainId: 0x10000 })).toThrow(/DID/);
  });

  it("scalable context and PASID entries", () => {
    const context = decodeScalableContextEntry(words(0x7f00020dn, 0x100003n, 0n, 0n));
    expect(context).toMatchObject({ frame: 0x7f000, directoryEntries: 256, ridPasid: 3, deviceTlb: true });
    expect(context).toMatchObject({ pasidEnabled: true, faults: [] });
    expect(codes(decodeScalableContextEntry(words(0x21n, 0x200000n, 1n, 1n)))).toHaveLength(4);
    expect(values(encodeScalableContextEntry(0x7f000, 256, 3))).toEqual([0x7f000201n, 3n, 0n, 0n]);
    expect(() => encodeScalableContextEntry(0, 200)).toThrow(/PDTS/);
    expect(decodePasidDirectoryEntry(raw64(0x7f003001n))).toMatchObject({ frame: 0x7f003, faults: [] });
    expect(bits64(encodePasidDirectoryEntry(0x7f003))).toBe(0x7f003001n);

    // P, AW 2, PGTT 2, SSADE, root 0x7f000000; domain 5.
    const second = words(0x7f000289n, 5n, 0n, 0n, 0n, 0n, 0n, 0n);
    expect(decodePasidEntry(second)).toMatchObject({
      translation: "second-stage",
      secondStage: { frame: 0x7f000, levels: 4 },
      firstStage: null,
      domainId: 5,
      accessedDirty: true,
      faults: [],
    });
    expect(encodePasidEntry({ frame: 0x7f000, levels: 4, domainId: 5, accessedDirty: true })).toEqual(second);
    expect(decodePasidEntry(words(0x7f0000c9n, 0n, 0x7f004004n))).toMatchObject({
      translation: "nested",
      secondStage: { frame: 0x7f000, levels: 4 },
      firstStage: { frame: 0x7f004, levels: 5 },
    });
    expect(decodePasidEntry(words(0x41n, 0n, 0x7f004000n))).toMatchObject({ firstStage: { levels: 4 }, faults: [] });
    expect(codes(decodePasidEntry(words(0x141n)))).toEqual(["reserved-translation-type"]);
    expect(codes(decodePasidEntry(words(0x81n)))).toEqual(["reserved-address-width"]);
    expect(codes(decodePasidEntry(words(0x489n, 0x10000n, 0x100n, 1n, 1n, 1n, 1n, 1n)))).toHaveLength(8);
  });
});

describe("VT-d capabilities (page-table-formats.md 3.5, 3.6)", () => {
  it("reads CAP", () => {
    // ND 6, RWBF, CM, SAGAW bit 2, MGAW 47, SSLPS 3, PSI, MAMV 18, each put where 3.5 says.
    const cap =
      (6n << 0n) | (1n << 4n) | (1n << 7n) | (4n << 8n) | (47n << 16n) | (3n << 34n) | (1n << 39n) | (18n << 48n);
    expect(decodeVtdCapability(raw64(cap))).toMatchObject({
      domainIds: 65536,
      writeBufferFlush: true,
      cachingMode: true,
      levels: [4],
      inputBits: 48,
      has2m: true,
      has1g: true,
      pageSelectiveInvalidation: true,
      maxInvalidationOrder: 18,
    });
    expect(decodeVtdCapability(raw64((7n << 0n) | (0xen << 8n) | (1n << 34n)))).toMatchObject({
      domainIds: null,
      levels: [3, 4, 5],
      has2m: true,
      has1g: false,
      cachingMode: false,
    });
  });

  it("reads ECAP", () => {
    expect(decodeVtdExtendedCapability(raw64((1n << 0n) | (1n << 7n) | (1n << 6n)))).toMatchObject({
      coherent: true,
      snoopControl: true,
      passThrough: true,
      queuedInvalidation: false,
      pasidBits: 0,
    });
    expect(decodeVtdExtendedCapability(raw64((1n << 43n) | (1n << 45n) | (19n << 35n) | (1n << 40n)))).toMatchObject({
      scalableMode: true,
      accessedDirty: true,
      pasidBits: 20,
    });
  });
});

describe("AMD-Vi roots and features (page-table-formats.md 4.1, 4.6, 4.7)", () => {
  it("device table base", () => {
    expect(decodeDeviceTableBase(raw64(0x7f0001ffn))).toMatchObject({ frame: 0x7f000, pages: 512, devices: 65536 });
    expect(bits64(encodeDeviceTableBase(0x7f000, 512))).toBe(0x7f0001ffn);
    expect(() => encodeDeviceTableBase(0, 513)).toThrow(/size/);
  });

  it("device table entry", () => {
    const vector = words(0x600000007f000603n, 5n, 0n, 0n);
    expect(decodeDeviceTableEntry(vector)).toMatchObject({
      translation: "translated",
      frame: 0x7f000,
      levels: 3,
      read: true,
      write: true,
      domainId: 5,
      gcr3: null,
      faults: [],
    });
    expect(encodeDeviceTableEntry({ frame: 0x7f000, levels: 3, domainId: 5 })).toEqual(vector);
    const outcome = (q0: bigint) => decodeDeviceTableEntry(words(q0)).translation;
    expect([0n, 1n, 3n, 0x203n, 0xe03n].map(outcome)).toEqual([
      "untranslated",
      "aborted",
      "no-translation",
      "translated",
      "reserved",
    ]);
    expect(codes(decodeDeviceTableEntry(words(0xe03n)))).toEqual(["reserved-mode"]);
    expect(codes(decodeDeviceTableEntry(words(0x103n)))).toEqual(["reserved-tracking"]);
    expect(codes(decodeDeviceTableEntry(words(0x8000000000000047n)))).toEqual(["reserved-bits", "reserved-bits"]);
    expect(codes(decodeDeviceTableEntry(words(0x8000000000000046n)))).toEqual([]);
    expect(() => encodeDeviceTableEntry({ frame: 0, levels: 7, domainId: 0 })).toThrow(/6 levels/);
  });

  it("puts the three pieces of the GCR3 root together", () => {
    const address = 0x000a_bcde_f012_3000n;
    const piece = (hi: bigint, lo: bigint) => (address >> lo) & ((1n << (hi - lo + 1n)) - 1n);
    const q0 = 3n | (1n << 55n) | (1n << 56n) | (piece(14n, 12n) << 58n);
    const q1 = (piece(30n, 15n) << 16n) | (piece(51n, 31n) << 43n);
    const { gcr3 } = decodeDeviceTableEntry(words(q0, q1));
    expect(gcr3).toEqual({ frame: Number(address >> 12n), levels: 2 });
  });

  it("extended features and capability header", () => {
    const hats = [0n, 1n, 2n, 3n].map((v) => decodeAmdViFeatures(raw64(v << 10n)).maxLevels);
    expect(hats).toEqual([4, 5, 6, null]);
    expect(
      decodeAmdViFeatures(raw64((1n << 4n) | (1n << 12n) | (15n << 32n) | (1n << 49n) | (1n << 52n) | (1n << 63n))),
    ).toMatchObject({
      guestTranslation: true,
      maxGuestLevels: 5,
      pasidBits: 16,
      hostAccessed: true,
      hostDirty: true,
      secureNestedPaging: true,
    });
    expect(decodeAmdViCapabilityHeader(0x0c000000)).toEqual({ iotlb: false, npCache: true, efrPresent: true });
    expect(decodeAmdViCapabilityHeader(0x01000000)).toEqual({ iotlb: true, npCache: false, efrPresent: false });
  });
});

describe("every root and register", () => {
  const readers: Record<string, [count: number, (raws: readonly Raw[]) => Reading]> = {
    eptp: [1, ([raw]) => decodeEptp(raw!)],
    eptCapabilities: [1, ([raw]) => decodeEptCapabilities(raw!)],
    rootTableAddress: [1, ([raw]) => decodeRootTableAddress(raw!)],
    rootEntry: [2, (raws) => decodeRootEntry(raws)],
    scalableRootEntry: [2, (raws) => decodeScalableRootEntry(raws)],
    contextEntry: [2, (raws) => decodeContextEntry(raws)],
    scalableContextEntry: [4, (raws) => decodeScalableContextEntry(raws)],
    pasidDirectoryEntry: [1, ([raw]) => decodePasidDirectoryEntry(raw!)],
    pasidEntry: [8, (raws) => decodePasidEntry(raws)],
    capability: [1, ([raw]) => decodeVtdCapability(raw!)],
    extendedCapability: [1, ([raw]) => decodeVtdExtendedCapability(raw!)],
    deviceTableBase: [1, ([raw]) => decodeDeviceTableBase(raw!)],
    deviceTableEntry: [4, (raws) => decodeDeviceTableEntry(raws)],
    features: [1, ([raw]) => decodeAmdViFeatures(raw!)],
  };
  const inPlace = new Set([
    "root",
    "RTA",
    "CTP",
    "LCTP",
    "UCTP",
    "SSPTPTR",
    "PASIDDIRPTR",
    "SMPTBLPTR",
    "FSPTPTR",
    "base",
    "interruptTable",
  ]);

  it.each(Object.keys(readers))("%s: fields tile all bits and give the value back", (name) => {
    const [count, read] = readers[name]!;
    fc.assert(
      fc.property(fc.array(fc.bigInt(0n, 2n ** 64n - 1n), { minLength: count, maxLength: count }), (given) => {
        let next = count * 64 - 1;
        const sum = new Array<bigint>(count).fill(0n);
        for (const field of read(given.map(raw64)).fields) {
          const [hi, lo = hi] = field.bits.split(":").map(Number) as [number, number?];
          expect(hi).toBe(next);
          sum[lo >> 6] = sum[lo >> 6]! | (BigInt(field.value) << (inPlace.has(field.name) ? 0n : BigInt(lo & 63)));
          next = lo - 1;
        }
        expect(next).toBe(-1);
        expect(sum).toEqual(given);
      }),
      { numRuns: 100 },
    );
  });
});
