import { describe, expect, it } from "vitest";
import { bdfOfRoutingId, parseBdf, routingId } from "../../../src/inventory/bdf.ts";
import { parseHexAddress, parseSize } from "../../../src/inventory/sizes.ts";

describe("sizes", () => {
  it("reads lspci's decimal sizes with binary suffixes", () => {
    expect(["16M", "1032M", "2000", "64G", "1024T", "512K"].map(parseSize)).toEqual([
      2 ** 24,
      1032 * 2 ** 20,
      2000,
      2 ** 36,
      2 ** 50,
      2 ** 19,
    ]);
  });

  it("reads Resizable BAR sizes", () => {
    expect(["64MB", "1GB", "2TB"].map(parseSize)).toEqual([2 ** 26, 2 ** 30, 2 ** 41]);
  });

  it("refuses what is no size", () => {
    expect(["", "M", "0", "0x10", "1e3", "-1", "16m", "9999999999999999"].map(parseSize)).toEqual(Array(8).fill(null));
  });

  it("reads addresses of up to 52 bits", () => {
    expect(parseHexAddress("202000000000")).toBe(0x202000000000);
    expect(parseHexAddress("0x000fffffffffffff")).toBe(2 ** 52 - 1);
    expect(parseHexAddress("0010000000000000")).toBeNull();
    expect(parseHexAddress("xyz")).toBeNull();
  });
});

describe("bdf", () => {
  it("normalises case and a missing domain, and keeps long domains", () => {
    expect(parseBdf("3F:00.0")).toBe("0000:3f:00.0");
    expect(parseBdf("10000:e1:00.0")).toBe("10000:e1:00.0");
    expect(parseBdf("00000001:00:1f.7")).toBe("0001:00:1f.7");
  });

  it("refuses devices above 1f and functions above 7", () => {
    expect([parseBdf("00:20.0"), parseBdf("00:1f.8"), parseBdf("3f:00"), parseBdf("__proto__")]).toEqual(
      Array(4).fill(null),
    );
  });

  it("turns routing ids into BDFs and back", () => {
    expect(routingId("10000:3f:02.1")).toEqual({ domain: 0x10000, id: 0x3f11 });
    expect(bdfOfRoutingId(0x10000, 0x3f11)).toBe("10000:3f:02.1");
    expect(bdfOfRoutingId(0, 0x10000)).toBeNull();
  });
});
