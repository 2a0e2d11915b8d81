import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { follow, type Lab, settled, visit } from "./browser.ts";
import { servePage } from "./serve.ts";

export function linkTests(lab: () => Lab): void {
  describe("links", () => {
    test("one opens the same picture: inputs, scenario, comparison, view, selection, tree, clock", async () => {
      const link =
        "#example=p40&with=xen%3D4.12&against=xen%3D4.17&tree=iommu&view=0x1000200~0x400&gfn=0x1000234&clock=100000";
      const { page, complaints } = await visit(lab(), link);
      await page.getByRole("heading", { name: "Xen 4.12.0 on Intel" }).waitFor();
      await page.locator("#map-place", { hasText: "(gfn 0x1000234)" }).waitFor();
      await page.locator("#map-place", { hasText: "about 4 MiB in view" }).waitFor();
      expect(await page.getByRole("radio", { name: "IOMMU (VT-d)" }).isChecked()).toBe(true);
      await page.locator("#timeline").getByRole("region", { name: "Xen 4.17.0" }).waitFor();
      await page.locator("#timeline", { hasText: "100 µs of" }).waitFor();
      await expect.poll(() => page.evaluate(() => location.hash)).toBe(link);
      expect(complaints).toEqual([]);
      await page.context().close();
    });

    test("what was pasted travels in the link", async () => {
      const { page } = await visit(lab());
      await page.getByRole("button", { name: "Open your own" }).click();
      const dialog = page.getByRole("dialog");
      await dialog
        .getByLabel("Paste text")
        .fill(
          "0000:41:00.0 3D controller [0302]: NVIDIA Corporation GA100 [10de:20f1]\n\tRegion 1: Memory at 180000000000 (64-bit, prefetchable) [size=64G]\n",
        );
      await dialog.getByRole("button", { name: "Open the text" }).click();
      await page.locator("#reasons", { hasText: "0000:41:00.0 BAR 1, 64 GiB" }).waitFor();
      await settled(page);
      await expect.poll(() => page.evaluate(() => location.hash)).toMatch(/^#texts=[\w-]{40,}/);
      const link = await page.evaluate(() => location.hash);
      const again = await visit(lab(), link);
      await again.page.locator("#reasons", { hasText: "0000:41:00.0 BAR 1, 64 GiB" }).waitFor();
      await again.page.context().close();
      await page.context().close();
    });

    test("what the command was given is opened, and a link in the address goes before it", async () => {
      const server = await servePage({
        inputs: [
          {
            name: "lspci.txt",
            text: readFileSync(new URL("../../examples/msix-nic/lspci.txt", import.meta.url), "utf8"),
          },
          { name: "line", text: "iommu=no-sharept", kind: "xen-cmdline" },
        ],
        keys: { xen: "4.17", device: ["0000:5e:00.0"], unknown: "x" },
      });
      const given = await visit({ ...lab(), url: server.url });
      await given.page.getByRole("heading", { name: "Xen 4.17.0 on Intel" }).waitFor();
      await given.page.locator(".subject", { hasText: "lspci.txt, line" }).waitFor();
      await given.page.locator("#reasons", { hasText: "0000:5e:00.0 BAR 0, 32 MiB" }).waitFor();
      expect(await given.page.locator("#reasons").textContent()).not.toContain("3b:00.0 BAR");
      expect(given.complaints).toEqual([]);
      await given.page.context().close();
      const linked = await visit({ ...lab(), url: server.url }, "#example=msix-nic");
      await linked.page.getByRole("heading", { name: "Xen 4.14.6 on Intel" }).waitFor();
      await linked.page.context().close();
      await server.close();
    });

    test("a link may change while the page is open", async () => {
      const { page } = await follow(lab());
      await page.evaluate(() => {
        location.hash = "#example=msix-nic&gfn=0xf4000";
      });
      await page.getByRole("heading", { name: "Xen 4.14.6 on Intel" }).waitFor();
      await page.locator("#map-place", { hasText: "(gfn 0xf4000)" }).waitFor();
    });

    const WRONG = [
      ["#example=nothing", 'There is no example "nothing"'],
      ["#files=vmcore", "This link was made from vmcore, which a link cannot carry"],
      ["#example=p40&with=xen%3D3.1", "xen"],
      ["#example=p40&with=colour%3Dred", 'no scenario key "colour"'],
    ] as const;
    test("a link that names what is not there says so", async () => {
      const { page } = await follow(lab(), WRONG[0][0]);
      for (const [link, says] of WRONG) {
        await page.evaluate((hash) => {
          location.hash = hash;
        }, link);
        await page.getByRole("alert").filter({ hasText: says }).waitFor();
      }
    });

    test("a link that is damaged opens what is left of it", async () => {
      const { page, complaints } = await follow(
        lab(),
        "#example=p40&view=0xzz~1&gfn=-5&clock=x&tree=up&space=9&texts=!!",
      );
      await page.locator("#map-place", { hasText: "82:00.0 BAR 1" }).waitFor();
      expect(complaints).toEqual([]);
    });
  });
}
