import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../dist/web/", import.meta.url));
const files = (readdirSync(ROOT, { recursive: true, withFileTypes: true }) ?? [])
  .filter((entry) => entry.isFile())
  .map((entry) => ({ name: entry.name, bytes: readFileSync(`${entry.parentPath}/${entry.name}`) }));

describe("the built page", () => {
  test("is below 300 kB, gzipped, all files together", () => {
    expect(files.length).toBeGreaterThanOrEqual(4);
    const sum = files.reduce((total, { bytes }) => total + gzipSync(bytes, { level: 9 }).length, 0);
    expect(sum).toBeLessThan(300_000);
  });

  test("has nothing inline, and its policy lets nothing out", () => {
    const page = files.find(({ name }) => name === "index.html")!.bytes.toString();
    expect(page).toMatch(/Content-Security-Policy[^>]+default-src 'none'[^>]+connect-src 'none'/);
    expect(page).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=/);
    // Every address in it is a file beside it.
    for (const [, address] of page.matchAll(/\s(?:src|href)="([^"]+)"/g))
      expect(address).toMatch(/^\.\/assets\/|^data:,$/);
  });

  test("asks for nothing of Node's and names no other host", () => {
    for (const { name, bytes } of files.filter((file) => file.name.endsWith(".js"))) {
      const text = bytes.toString();
      expect(text, name).not.toMatch(/(?:from|import\(|require\()\s*["'`]node:/);
      expect(text, name).not.toMatch(/\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon/);
    }
  });
});
