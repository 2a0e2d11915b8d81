import { describe, expect, test } from "vitest";
import { expectDrawn, follow, type Lab, settled } from "./browser.ts";

export function viewTests(lab: () => Lab): void {
  describe("views", () => {
    test("a click in the map selects in the tree and in the reasons", async () => {
      const { page } = await follow(lab());
      await expectDrawn(page);
      const strip = page.locator(".map-strip");
      const box = (await strip.boundingBox())!;
      // In the P2M's lane, in the middle of the RAM.
      await page.mouse.click(box.x + box.width * 0.2, box.y + 110);
      await page.locator("#map-place", { hasText: "RAM" }).waitFor();
      await page.locator("#reasons", { hasText: "lies in no BAR" }).waitFor();
      await page.locator("#tree", { hasText: "by an entry of 1 GiB" }).waitFor();
      // In the IOMMU's lane, inside the BAR.
      await page.mouse.click(box.x + box.width * 0.75, box.y + 200);
      await page.locator("#reasons", { hasText: "8,388,608 entries of 4 KiB" }).waitFor();
      expect(await page.getByRole("radio", { name: "IOMMU (VT-d)" }).isChecked()).toBe(true);
      await page
        .locator("#tree", { hasText: "SLPTE" })
        .or(page.locator("#tree", { hasText: "Level 1" }))
        .first()
        .waitFor();
    });

    test("the wheel zooms about the pointer down to a page, and a drag moves", async () => {
      const { page } = await follow(lab());
      await expectDrawn(page);
      const box = (await page.locator(".map-strip").boundingBox())!;
      await page.mouse.move(box.x + box.width * 0.8, box.y + 120);
      for (let i = 0; i < 40; i++) await page.mouse.wheel(0, -600);
      await page.locator("#map-place", { hasText: "about 4 KiB in view" }).waitFor();
      for (let i = 0; i < 80; i++) await page.mouse.wheel(0, 600);
      await page.locator("#map-place", { hasText: "about 256 TiB in view" }).waitFor();
      await page.getByRole("button", { name: "Everything" }).click();
      const before = await page.getByRole("slider", { name: "Overview" }).getAttribute("aria-valuetext");
      await page.mouse.move(box.x + 500, box.y + 120);
      await page.mouse.down();
      await page.mouse.move(box.x + 300, box.y + 120, { steps: 4 });
      await page.mouse.up();
      await expect
        .poll(() => page.getByRole("slider", { name: "Overview" }).getAttribute("aria-valuetext"))
        .not.toBe(before);
    });

    test("an entry is decoded bit by bit, and a marked one is no fault", async () => {
      const { page } = await follow(lab());
      const tree = page.locator("#tree");
      await tree.getByText("0x9c50383800000b3f").waitFor();
      await tree.getByText("recalculation-mark").waitFor();
      expect(await tree.locator(".bits .bit").count()).toBe(64);
      await tree.getByRole("button", { name: /Level 3/ }).click();
      await tree.getByText("level 3 PDPTE, index 64").waitFor();
    });

    test("4.11 against 4.12: 131,072 hypercalls against 256", async () => {
      const { page } = await follow(lab());
      const timeline = page.locator("#timeline");
      // What is above grows when advice comes; the timeline would move under the pointer.
      await page.getByRole("switch").first().waitFor();
      await timeline.getByText("131,072 of them for 82:00.0 BAR 1").waitFor();
      await timeline.getByText("256 of them for 82:00.0 BAR 1").waitFor();
      const row = timeline.getByRole("row", { name: /mapping hypercalls/ });
      await expect.poll(() => row.textContent()).toContain("131,264");
      expect(await row.textContent()).toContain("258");
      // One call back from the end, in the fast one: the slow one has hardly begun by then.
      await timeline.getByRole("button", { name: "Xen 4.12.0: one call back" }).click();
      await expect.poll(() => row.textContent()).toMatch(/257 \/ 258/);
      const slow = Number((await row.locator("td").first().textContent())!.split("/")[0]!.replaceAll(",", ""));
      expect(slow).toBeGreaterThan(0);
      expect(slow).toBeLessThan(13_126);
      await timeline.getByRole("slider", { name: "Step of the call" }).first().waitFor();
      expect(await timeline.locator(".lane").first().locator(".step").count()).toBe(64);
    });

    test("playing runs to the end", async () => {
      const { page } = await follow(lab(), "#example=msix-nic");
      const timeline = page.locator("#timeline");
      await timeline.getByRole("button", { name: "Play" }).click();
      await timeline.getByRole("button", { name: "Pause" }).waitFor();
      await timeline.getByRole("button", { name: "Play" }).waitFor({ timeout: 25_000 });
      await expect.poll(() => timeline.getByRole("row", { name: /mapping hypercalls/ }).textContent()).toMatch(/12$/);
    });

    test("a change is tried by its switch, and taken back", async () => {
      const { page } = await follow(lab());
      const reasons = page.locator("#reasons");
      await reasons.getByRole("switch", { name: "run Xen 4.12 or later" }).click();
      await page.getByRole("heading", { name: "Xen 4.12.0 on Intel" }).waitFor();
      await settled(page);
      await reasons.getByText("16,384 entries of 2 MiB").waitFor();
      const tried = reasons.getByRole("switch", { name: "Tried: xen=4.12" });
      expect(await tried.getAttribute("aria-checked")).toBe("true");
      await tried.click();
      await reasons.getByText("8,388,608 entries of 4 KiB").waitFor();
    });

    test("findings of a broken table lead to their places", async () => {
      const { page } = await follow(lab(), "#example=broken-table");
      const reasons = page.locator("#reasons");
      await reasons.getByRole("button", { name: "d1 p2m 0xf200_5000" }).click();
      await page.locator("#map-place", { hasText: "0xf200_5000" }).waitFor();
      await page.locator("#tree", { hasText: "W without R" }).waitFor();
      await reasons.getByRole("button", { name: "d1 iommu 0xf040_0000" }).first().click();
      await page.locator("#map-place", { hasText: "IOMMU: 2 MiB entry → 0x3838_4040_0000" }).waitFor();
      expect(await page.getByRole("radio", { name: "IOMMU (VT-d)" }).isChecked()).toBe(true);
    });

    const EXPORTS = [
      ["SVG", "physmap.svg", /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[\s\S]*82:00\.0 BAR 1[\s\S]*<\/svg>\n$/],
      ["PNG", "physmap.png", /^.PNG/],
      ["JSON", "physmap.json", /"kind": "plan"[\s\S]*"hypercalls": 131264/],
    ] as const;
    test("the picture is exported as SVG, PNG and JSON", async () => {
      const { page } = await follow(lab());
      await expectDrawn(page);
      for (const [button, name, content] of EXPORTS) {
        const [download] = await Promise.all([
          page.waitForEvent("download"),
          page.getByRole("button", { name: button, exact: true }).click(),
        ]);
        expect(download.suggestedFilename()).toBe(name);
        const chunks: Buffer[] = [];
        for await (const chunk of (await download.createReadStream())!) chunks.push(chunk as Buffer);
        expect(Buffer.concat(chunks).toString(button === "PNG" ? "latin1" : "utf8")).toMatch(content);
      }
    });
  });
}
