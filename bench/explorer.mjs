/**
 * How smooth the explorer is on a host of eight devices with 256 GiB each, in 4 KiB pages: half a billion entries. Opens
 * the built page in Chromium, zooms with the wheel from everything to one page and back and drags along, and prints how
 * long it took to open and how long the frames took. Usage: npm run bench:explorer
 */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import { chromium } from "playwright-core";

const ROOT = fileURLToPath(new URL("../dist/web/", import.meta.url));
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const BUSES = ["01", "25", "41", "61", "81", "a1", "c1", "e1"];
const TIB = 2 ** 40;

const hex = (n) => n.toString(16);
const device = (bus, i) => {
  const base = 32 * TIB + i * (TIB / 2);
  return [
    `${bus}:00.0 3D controller [0302]: NVIDIA Corporation GH100 [10de:2330]`,
    `\tRegion 0: Memory at ${hex(base + 0x6000000000)} (64-bit, prefetchable) [size=16M]`,
    `\tRegion 2: Memory at ${hex(base)} (64-bit, prefetchable) [size=256G]`,
    `\tRegion 4: Memory at ${hex(base + 0x6002000000)} (64-bit, prefetchable) [size=32M]`,
  ].join("\n");
};
const texts = [
  ["lspci.txt", `${BUSES.map(device).join("\n\n")}\n`],
  [
    "guest.cfg",
    `name = "big"\ntype = "hvm"\nmemory = 524288\nvcpus = 64\npci = [ ${BUSES.map((bus) => `"${bus}:00.0"`).join(", ")} ]\n`,
  ],
];
const packed = deflateRawSync(JSON.stringify(texts)).toString("base64url");
const keys = ["xen=4.11", "cpu=intel", "cmdline=iommu=no-sharept", "phys-bits=46"];
const link = `#texts=${packed}&${keys.map((key) => `with=${encodeURIComponent(key)}`).join("&")}`;

async function serve() {
  const server = createServer(async ({ url }, answer) => {
    const path = new URL(url, "http://localhost").pathname;
    const file = join(ROOT, path === "/" ? "index.html" : path);
    try {
      answer.writeHead(200, { "content-type": TYPES[extname(file)] }).end(await readFile(file));
    } catch {
      answer.writeHead(404).end();
    }
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return server;
}

/** In the page: turn the wheel a little each frame, and note how far frames lie apart. */
async function ride() {
  const strip = document.querySelector(".map-canvas");
  const box = strip.getBoundingClientRect();
  const at = { clientX: box.left + box.width * 0.7, clientY: box.top + 110, bubbles: true, cancelable: true };
  const deltas = [];
  let last = 0;
  const FRAMES = 400;
  for (let i = 0; i < FRAMES; i++) {
    const now = await new Promise(requestAnimationFrame);
    if (last > 0) deltas.push(now - last);
    last = now;
    const part = i % 200;
    if (part < 80) strip.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY: -90 }));
    else if (part < 120) strip.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY: 60, shiftKey: true }));
    else strip.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY: 90 }));
  }
  return deltas.sort((a, b) => a - b);
}

const server = await serve();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const start = performance.now();
  await page.goto(`http://127.0.0.1:${server.address().port}/${link}`);
  await page.locator("#reasons", { hasText: "67,108,864 entries of 4 KiB" }).waitFor({ timeout: 120_000 });
  await page.waitForFunction(() => document.querySelector(".map-canvas").style.width !== "");
  console.log(`opened in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  const counted = await page.locator("#timeline").getByRole("row", { name: "P2M entries written" }).textContent();
  console.log(`P2M entries: ${counted.replace("P2M entries written", "")}`);
  for (const what of ["while advice is looked for", "at rest"]) {
    if (what === "at rest") await page.getByRole("switch").first().waitFor({ timeout: 300_000 });
    const deltas = await page.evaluate(ride);
    const quantile = (q) => deltas[Math.floor(q * (deltas.length - 1))].toFixed(1);
    console.log(`frames ${what}: median ${quantile(0.5)} ms, 90 % within ${quantile(0.9)} ms, worst ${quantile(1)} ms`);
  }
} finally {
  await browser.close();
  server.close();
}
