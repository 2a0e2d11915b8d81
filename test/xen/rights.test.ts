import { expect, it } from "vitest";
import { ACCESS_NAMES } from "../../src/xen/constants.ts";
import { restrict } from "../../src/xen/rights.ts";

it("restricts permissions by the access right (xen-mapping.md 5.2)", () => {
  const shown = (rwx: number) => (rwx & 1 ? "r" : "") + (rwx & 2 ? "w" : "") + (rwx & 4 ? "x" : "");
  expect(ACCESS_NAMES.map((name, access) => [name, shown(restrict(7, access))])).toEqual([
    ["n", ""],
    ["r", "r"],
    ["w", "w"],
    ["rw", "rw"],
    ["x", "x"],
    ["rx", "rx"],
    ["wx", "wx"],
    ["rwx", "rwx"],
    ["rx2rw", "rx"],
    ["n2rwx", ""],
    ["r_pw", "r"],
  ]);
  expect(restrict(5, 7)).toBe(5);
  expect(restrict(7, 15)).toBe(0);
});
