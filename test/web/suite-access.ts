import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import { describe, expect, test } from "vitest";
import { expectDrawn, follow, type Lab } from "./browser.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

export function accessTests(lab: () => Lab): void {
  describe("for everybody", () => {
    test.each([
      ["p40", 1280, "light"],
      ["p40", 360, "dark"],
      ["broken-table", 1280, "dark"],
      ["msix-nic", 360, "light"],
    ] as const)("axe finds nothing: %s, %i pixels, %s", async (example, width, theme) => {
      const { page } = await follow(lab(), `#example=${example}`, { width, height: 900 });
      await expectDrawn(page);
      const other = page.getByRole("button", { name: theme === "dark" ? "Dark" : "Light", exact: true });
      if ((await other.count()) > 0) await other.click();
      await page.evaluate(() => {
        for (const details of document.querySelectorAll("details")) details.open = true;
      });
      if (example !== "broken-table") await page.getByRole("switch").first().waitFor();
      // The policy lets no script in; a debugger's evaluation is none.
      await page.evaluate((await import("node:fs")).readFileSync(AXE, "utf8"));
      const { violations } = await page.evaluate<AxeResults, RunOptions>(
        (options) => (globalThis as unknown as { axe: { run(o: RunOptions): Promise<AxeResults> } }).axe.run(options),
        { resultTypes: ["violations"] },
      );
      expect(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`),
      ).toEqual([]);
    });

    test("axe finds nothing in the dialog", async () => {
      const { page } = await follow(lab());
      await page.getByRole("button", { name: "Open your own" }).click();
      await page.getByRole("dialog").waitFor();
      await page.evaluate((await import("node:fs")).readFileSync(AXE, "utf8"));
      const { violations } = await page.evaluate<AxeResults, RunOptions>(
        (options) =>
          (globalThis as unknown as { axe: { run(c: string, o: RunOptions): Promise<AxeResults> } }).axe.run(
            "dialog",
            options,
          ),
        { resultTypes: ["violations"] },
      );
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`)).toEqual([]);
    });

    test("nothing is wider than the window, from 360 pixels to 4K", async () => {
      const { page } = await follow(lab(), "#example=eight-gpus", { width: 3840, height: 1000 });
      await expectDrawn(page);
      for (const width of [3840, 1280, 360]) {
        await page.setViewportSize({ width, height: 1000 });
        await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      }
    });
  });
}
