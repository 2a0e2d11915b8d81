import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pageWith } from "../../src/cli/explore/page.ts";
import { type Running, serve } from "../../src/cli/explore/server.ts";
import { CHROMIUM, CHROMIUM_FLAGS, expectDrawn, type Lab, noBrowser, visit } from "./browser.ts";

const ROOT = fileURLToPath(new URL("../../dist/web/", import.meta.url));

describe.skipIf(noBrowser !== null)(
  `the explorer as physmap explore serves it${noBrowser ? ` (skipped: ${noBrowser})` : ""}`,
  { timeout: 120_000 },
  () => {
    let lab: Lab;
    let server: Running;
    beforeAll(async () => {
      const page = pageWith(readFileSync(`${ROOT}index.html`, "utf8"), { inputs: [], keys: {} });
      if (page === null) throw new Error("the built page has no head");
      server = await serve({ root: ROOT, page, port: 0 });
      const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
      lab = { browser, url: server.url, close: () => browser.close() };
    }, 120_000);
    afterAll(async () => {
      await lab?.close();
      await server?.close();
    });

    it("works under the server's own policy, and asks for nothing but its files", async () => {
      const { page, complaints, requests } = await visit(lab);
      await expectDrawn(page);
      // The test reads the picture back until it is there, which the browser finds slow.
      expect(complaints.filter((says) => !says.includes("readback"))).toEqual([]);
      expect(requests.length).toBeGreaterThan(1);
      expect(requests.filter((url) => !url.startsWith(server.url))).toEqual([]);
    });

    it("is not shown to a page that frames it, nor to one that has no token", async () => {
      const page = await lab.browser.newPage();
      const answer = await page.goto(new URL("/", server.url).href);
      expect(answer!.status()).toBe(403);
      await page.setContent(`<iframe src="${server.url}"></iframe>`);
      await page.frames()[1]!.waitForLoadState();
      expect(await page.frames()[1]!.evaluate(() => document.querySelector("main"))).toBeNull();
      await page.close();
    });
  },
);
