import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { snapshotTrees } from "../../src/image/snapshot.ts";
import { follow, type Lab, settled } from "./browser.ts";

const fileOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const BROKEN = fileOf("examples/broken-table/snapshot.json");

/** Drop files on the page as a user would: through the input that takes the same way, or as a real drop event. */
async function choose(page: Page, ...paths: readonly string[]): Promise<void> {
  await page.getByRole("button", { name: "Open your own" }).click();
  await page.getByLabel("or choose files").setInputFiles([...paths]);
}

async function dropText(page: Page, text: string): Promise<void> {
  await page.evaluate((dropped) => {
    const data = new DataTransfer();
    data.setData("text/plain", dropped);
    document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
  }, text);
}

async function dropFile(page: Page, name: string, content: string): Promise<void> {
  await page.evaluate(
    ([title, text]) => {
      const data = new DataTransfer();
      data.items.add(new File([text!], title!));
      document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
    },
    [name, content],
  );
}

export function inputTests(lab: () => Lab): void {
  describe("inputs", () => {
    let folder: string;
    const path = (name: string): string => join(folder, name);
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "physmap-web-"));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    /** A raw memory image of 1 GiB with the tables of a guest in it, the rest a hole in the file. */
    function writeImage(): string {
      const snapshot = JSON.parse(readFileSync(fileOf("examples/scripts/misaligned-bar.json"), "utf8"));
      expect(snapshot.kind).toBe("script");
      const { roots, frames } = JSON.parse(readFileSync(BROKEN, "utf8"));
      const [first] = snapshotTrees({ roots, frames });
      const file = openSync(path("memory.raw"), "w");
      ftruncateSync(file, 2 ** 30);
      // The snapshot's tables lie at 0x4000000000; here they stand at the same places below 1 GiB, pointers moved along.
      const base = Number(roots[0].root) - 0x1000_0000;
      for (const key of Object.keys(frames)) {
        const words = first!.tree.memory.frame(Number(key) as never)!.slice();
        for (let i = 0; i < words.length; i += 2) {
          const address = (words[i + 1]! & 0xfffff) * 2 ** 32 + (words[i]! & 0xfffff000);
          const at = ((words[i + 1]! & 0xfffff) * 2 ** 20 + (words[i]! >>> 12)) * 4096;
          if (at < Number(roots[0].root) || at >= Number(roots[0].root) + 2 ** 24 || Number.isNaN(address)) continue;
          const moved = at - base;
          words[i] = ((words[i]! & 0xfff) | (moved & 0xfffff000)) >>> 0;
          words[i + 1] = ((words[i + 1]! & 0xfff00000) | Math.floor(moved / 2 ** 32)) >>> 0;
        }
        writeSync(file, new Uint8Array(words.buffer), 0, 4096, Number(key) * 4096 - base);
      }
      closeSync(file);
      return path("memory.raw");
    }

    test("a memory image of 1 GiB is read in slices, and its tables are found", async () => {
      const image = writeImage();
      const { page, complaints } = await follow(lab());
      await choose(page, image);
      await page.getByRole("heading", { name: /^Page tables as found/ }).waitFor({ timeout: 60_000 });
      await settled(page);
      await page.locator("#reasons", { hasText: "An entry leads back to a table above it" }).waitFor();
      await expect.poll(() => page.evaluate(() => location.hash)).toContain("files=memory.raw");
      expect(complaints).toEqual([]);
    }, 90_000);

    test("what is being opened can be given up, and what was shown stays", async () => {
      const { page } = await follow(lab());
      await choose(page, path("memory.raw"));
      await page.getByRole("button", { name: "Cancel" }).click();
      await settled(page);
      await page.getByRole("heading", { name: "Xen 4.11.0 on Intel" }).waitFor();
      // The worker that holds it still answers.
      await page.locator("#tree", { hasText: "leads to 0x3838_0000_0000" }).waitFor();
      await page.getByRole("slider", { name: "Guest address" }).focus();
      await page.keyboard.press("[");
      await page.locator("#tree", { hasText: "by an entry of 1 GiB" }).waitFor();
    });

    test("a command line joins what is open, in place of the one before", async () => {
      const { page } = await follow(lab());
      await dropText(page, "placeholder dom0_mem=8G,max:8G iommu=verbose loglvl=all");
      await page.locator("#reasons", { hasText: "16,384 entries of 2 MiB" }).waitFor();
    });

    test("a snapshot, a script and a text dump are tables", async () => {
      const { page } = await follow(lab());
      await choose(page, fileOf("test/golden/s4_deb417_iommu.json.gz"));
      await page.getByRole("heading", { name: /Page tables as found: \d+ trees? \(NPT/ }).waitFor();
      await choose(page, fileOf("examples/scripts/iommu-coalescing.json"));
      await page.locator(".subject", { hasText: "iommu-coalescing.json" }).waitFor();
      await settled(page);
      await page.getByRole("combobox", { name: "Guest" }).waitFor({ state: "detached" });
      await dropFile(page, "broken.json", readFileSync(BROKEN, "utf8"));
      await page.locator("#reasons", { hasText: "W without R" }).waitFor();
      await dropText(
        page,
        "(XEN) domain5 EPT p2m table:\n(XEN) gfn:             0 order:  9 mfn:        a3e00 rwx WB \n(XEN) gfn:         f0000 order:  0 mfn:        fd1c0 rw  UC!\n",
      );
      await page.locator("#tree", { hasText: "A text tells what these tables map" }).waitFor();
      await page.locator("#map-place", { hasText: "P2M: 2 MiB entry → 0xa3e0_0000" }).waitFor();
    });

    /** Each kind of input, damaged: the page says which file, what is wrong, and stays as it was. */
    const BAD: readonly (readonly [what: string, name: string, content: string | Uint8Array, says: RegExp])[] = [
      ["an empty file", "empty.txt", "", /empty\.txt.*empty/],
      ["a text that is nothing", "poem.txt", "Shall I compare thee\nto a summer's day?\n", /no PCI device.*poem\.txt/],
      [
        "a configuration alone cut off",
        "only.cfg",
        'name = "x"\nmemory = 4096\npci = [ "01:00.0"\n',
        /no PCI device|pci/,
      ],
      ["JSON that is cut off", "cut.json", '{ "physmap": 1, "kind": "snapshot", "roots": [', /cut\.json.*not.*cut off/],
      [
        "a snapshot with a bad root",
        "bad.json",
        '{ "physmap": 1, "kind": "snapshot", "roots": [{ "format": "ept", "root": "0x123", "levels": 4 }], "frames": {} }',
        /bad\.json: not a snapshot.*roots\[0\]/,
      ],
      [
        "a script with a bad operation",
        "script.json",
        '{ "physmap": 1, "kind": "script", "hypervisor": { "xen": "4.17" }, "domains": [], "operations": [{ "op": "fly" }] }',
        /script\.json: not an operation script/,
      ],
      ["a gzip that is none", "not.gz", new Uint8Array([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7]), /not\.gz.*gzip/],
      ["a memory image without tables", "zero.raw", new Uint8Array(2 ** 20), /zero\.raw.*no page tables/],
      ["a disk image", "disk.qcow2", new Uint8Array([0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 3]), /disk\.qcow2.*disk image/],
      [
        "an ELF core that is cut off",
        "core",
        new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]),
        /core.*(cut off|expected)/,
      ],
      [
        "a lspci without sizes",
        "lspci.txt",
        "01:00.0 VGA compatible controller: X\n",
        /lspci\.txt|no device|no PCI device/,
      ],
    ];
    test("what is wrong with an input is said in the page", async () => {
      const { page, complaints } = await follow(lab());
      for (const [what, name, content, says] of BAD) {
        writeFileSync(path(name), content);
        await choose(page, path(name));
        await page
          .getByRole("alert")
          .filter({ hasText: says })
          .waitFor({ timeout: 10_000 })
          .catch(async () => {
            throw new Error(`${what}: the page says ${await page.getByRole("alert").allTextContents()}`);
          });
        await settled(page);
        // What was shown before is still there.
        await page.getByRole("heading", { name: "Xen 4.11.0 on Intel" }).waitFor();
      }
      expect(complaints).toEqual([]);
    });
  });
}
