import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { expectDrawn, type Lab, settled, visit } from "./browser.ts";

/** Press Tab until the focus is on something that is called so. */
async function tabTo(page: Page, name: RegExp, most = 60): Promise<void> {
  for (let i = 0; i < most; i++) {
    await page.keyboard.press("Tab");
    const label = await page.evaluate(() => {
      const at = document.activeElement;
      return at?.getAttribute("aria-label") ?? at?.textContent ?? "";
    });
    if (name.test(label)) return;
  }
  throw new Error(`Tab never came to ${name}`);
}

export function keyTests(lab: () => Lab): void {
  describe("by keyboard alone", () => {
    test("from the top of the page to a frame's entry, in the map and the tree", async () => {
      const { page } = await visit(lab());
      await expectDrawn(page);
      await tabTo(page, /^Skip to the address map$/, 2);
      await page.keyboard.press("Enter");
      await tabTo(page, /^Guest address$/);
      await page.keyboard.press("0");
      await page.locator("#map-place", { hasText: "256 TiB in view" }).waitFor();
      await page.keyboard.press("Home");
      await page.keyboard.press("Enter");
      await page.locator("#map-place", { hasText: "about 16 KiB in view" }).waitFor();
      await page.keyboard.press("ArrowRight");
      await page.locator("#map-place", { hasText: "(gfn 0x1000001)" }).waitFor();
      await page.keyboard.press("ArrowDown");
      expect(await page.getByRole("radio", { name: "IOMMU (VT-d)" }).isChecked()).toBe(true);
      await page.keyboard.press("[");
      await page.locator("#map-place", { hasText: "(gfn 0x1000000)" }).waitFor();
      await page.keyboard.press("[");
      await page.locator("#map-place", { hasText: "RAM" }).waitFor();
      await page.keyboard.press("]");
      await page.locator("#map-place", { hasText: "82:00.0 BAR 1" }).waitFor();
      await tabTo(page, /^Entry of the level 1 table/);
      await page.keyboard.press("End");
      await page.locator("#map-place", { hasText: "(gfn 0x10001ff)" }).waitFor();
      await page.context().close();
    });

    test("an example, a switch and the timeline", async () => {
      const { page } = await visit(lab());
      await tabTo(page, /^MSI-X network cards$/);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Xen 4.14.6 on Intel" }).waitFor();
      await settled(page);
      await page.getByRole("switch").first().waitFor();
      await tabTo(page, /^run Linux 6\.15/, 120);
      await page.keyboard.press("Space");
      await page.getByRole("switch", { name: "Tried: guest-kernel=linux>=6.15" }).waitFor();
      await settled(page);
      await page.locator("#timeline").getByRole("slider", { name: "Clock" }).focus();
      await page.keyboard.press("Home");
      await page.locator("#timeline", { hasText: "Nothing is mapped yet" }).waitFor();
      await page.context().close();
    });

    test("the dialog opens, takes a text and gives the focus back", async () => {
      const { page } = await visit(lab());
      await tabTo(page, /^Open your own/);
      await page.keyboard.press("Enter");
      const dialog = page.getByRole("dialog", { name: "Open your own" });
      await dialog.waitFor();
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "hidden" });
      expect(await page.evaluate(() => document.activeElement?.textContent)).toMatch(/^Open your own/);
      await page.context().close();
    });
  });
}
