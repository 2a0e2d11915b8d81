import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { servePage } from "./serve.ts";

export const CHROMIUM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

export const CHROMIUM_FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--no-first-run",
];

/** Why there is no browser to test in; null when there is one. With CI set there must be one. */
export const noBrowser =
  existsSync(CHROMIUM) || process.env.CI
    ? null
    : `${CHROMIUM} is missing: apt-get install chromium, or set CHROMIUM_PATH`;

export interface Lab {
  readonly browser: Browser;
  readonly url: string;
  close(): Promise<void>;
}

/** One browser and one server for all tests. */
export async function openLab(): Promise<Lab> {
  const [browser, server] = await Promise.all([
    chromium.launch({
      executablePath: CHROMIUM,
      args: CHROMIUM_FLAGS,
    }),
    servePage(),
  ]);
  return {
    browser,
    url: server.url,
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

/** A page, what it complained about, and what it asked the network for. */
export interface Visit {
  readonly page: Page;
  readonly complaints: readonly string[];
  readonly requests: readonly string[];
}

/** Open the page at a link and wait until what it names is shown or refused. */
export async function visit(lab: Lab, link = "", size = { width: 1280, height: 900 }): Promise<Visit> {
  const context = await lab.browser.newContext({ viewport: size, reducedMotion: "reduce" });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(`${lab.url}${link}`);
  await settled(page);
  return { page, complaints, requests };
}

/** What the page opens by itself. */
const HOME = "#example=p40&against=xen%3D4.12";
const followed = new WeakMap<Browser, { readonly visited: Visit; readonly complaints: string[] }>();

/** As `visit`, in a page that is loaded once for all: only the part of its address after "#" changes. */
export async function follow(lab: Lab, link = HOME, size = { width: 1280, height: 900 }): Promise<Visit> {
  const known = followed.get(lab.browser);
  if (!known) {
    const visited = await visit(lab, link, size);
    followed.set(lab.browser, { visited, complaints: visited.complaints as string[] });
    return visited;
  }
  const { visited, complaints } = known;
  complaints.length = 0;
  await visited.page.setViewportSize(size);
  await visited.page.evaluate(async (hash) => {
    document.querySelector("dialog")?.close();
    scrollTo(0, 0);
    history.replaceState(null, "", "#");
    await new Promise<void>((done) => {
      addEventListener("hashchange", () => requestAnimationFrame(() => requestAnimationFrame(() => done())), {
        once: true,
      });
      location.hash = hash;
    });
  }, link);
  await settled(visited.page);
  return visited;
}

/** Nothing is being opened any more. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector("main")?.getAttribute("aria-busy") === "false");
}

/** The canvas shows more than its background. */
export async function expectDrawn(page: Page): Promise<void> {
  const colours = await page.waitForFunction(() => {
    const canvas = document.querySelector<HTMLCanvasElement>(".map-canvas");
    if (!canvas?.style.width) return null;
    // A copy, since reading the canvas itself again and again makes the browser draw it in another way.
    const copy = document.createElement("canvas");
    copy.width = canvas.width;
    copy.height = canvas.height;
    const context = copy.getContext("2d", { willReadFrequently: true })!;
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const seen = new Set<number>();
    for (let i = 0; i < data.length; i += 4) seen.add((data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!);
    return seen.size > 8 ? seen.size : null;
  });
  expect(await colours.jsonValue()).toBeGreaterThan(8);
}
