import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addressMapOf } from "../../src/plan/index.ts";
import { planHtml } from "../../src/report/plan-html.ts";
import { keysOf, planned } from "../plan/helpers.ts";
import { inventoryOf, lspci, NIC, p40, xlCfg, xlInfo } from "../plan/samples.ts";
import { CHROMIUM, CHROMIUM_FLAGS, noBrowser } from "./browser.ts";

const plan = planned(p40(), keysOf("xen=4.11"));
const odd = planned(
  inventoryOf(lspci([NIC]), xlInfo("4.8.5", "iommu=no-sharept"), xlCfg("memory = 2048")),
  keysOf("cpu=amd"),
);
const PAGES = [
  ["the P40", planHtml(plan.document, addressMapOf(plan))],
  ["a disagreement", planHtml(odd.document, addressMapOf(odd))],
] as const;

describe.skipIf(noBrowser !== null)(
  `the plan as HTML in a browser${noBrowser ? ` (skipped: ${noBrowser})` : ""}`,
  { timeout: 120_000 },
  () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
    });
    afterAll(() => browser?.close());

    async function open(html: string, width: number, colorScheme: "light" | "dark"): Promise<Page> {
      const viewport = { width, height: 1000 };
      // The test's own script, in a page that allows none.
      const page = await browser.newPage({ viewport, colorScheme, bypassCSP: true });
      await page.setContent(html);
      return page;
    }

    it.each(PAGES)("reads from a telephone's width to a wall's, and asks for nothing: %s", async (_, html) => {
      const page = await open(html, 360, "light");
      const requests: string[] = [];
      page.on("request", ({ url }) => void requests.push(url()));
      for (const width of [360, 900, 1280, 3840]) {
        await page.setViewportSize({ width, height: 1000 });
        const { overflow, maps, smallest } = await page.evaluate(() => {
          const shown = [...document.querySelectorAll("svg")].filter((svg) => svg.getBoundingClientRect().width > 0);
          const texts = shown.flatMap((svg) => [...svg.querySelectorAll("text")]);
          return {
            overflow: document.documentElement.scrollWidth - window.innerWidth,
            maps: shown.length,
            smallest: Math.min(...texts.map((text) => text.getBoundingClientRect().height)),
          };
        });
        expect([width, overflow, maps]).toEqual([width, 0, 1]);
        // A line of the picture's small letters, which are 11 pixels high.
        expect(smallest).toBeGreaterThan(11);
      }
      expect(requests).toEqual([]);
      await page.close();
    });

    it.each(
      PAGES.flatMap(([name, html]) => [
        { name, html, width: 360, theme: "light" as const },
        { name, html, width: 1280, theme: "dark" as const },
      ]),
    )("pleases axe at $width pixels, $theme: $name", async ({ html, width, theme }) => {
      const page = await open(html, width, theme);
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate<axe.AxeResults>("axe.run()");
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
      await page.close();
    });
  },
);
