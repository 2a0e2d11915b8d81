import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectDrawn, type Lab, noBrowser, openLab, visit } from "./browser.ts";

describe.skipIf(noBrowser !== null)(`the explorer in a browser${noBrowser ? ` (skipped: ${noBrowser})` : ""}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab?.close());

  test("opens on the P40 and draws its map", async () => {
    const { page, complaints, requests } = await visit(lab);
    await page.getByRole("heading", { name: "Address map" }).waitFor();
    await expectDrawn(page);
    expect(await page.locator("#map-place").textContent()).toContain("4 KiB entry → 0x3838_0000_0000");
    expect(complaints).toEqual([]);
    // Only what the server hands out to show the page.
    expect(requests.every((url) => url.startsWith(lab.url))).toBe(true);
  });
});
