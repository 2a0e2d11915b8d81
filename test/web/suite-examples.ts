import { describe, expect, test } from "vitest";
import { expectDrawn, follow, type Lab, settled, visit } from "./browser.ts";

/** What each example shows in each view. Numbers are those of examples/README.md and of the plan's own documents. */
const EXAMPLES: readonly (readonly [
  button: string,
  shows: {
    readonly title: string;
    readonly map: string;
    readonly tree: string;
    readonly reasons: string;
    readonly timeline: string;
  },
])[] = [
  [
    "P40 on Xen 4.11",
    {
      title: "Xen 4.11.0 on Intel",
      map: "4 KiB entry → 0x3838_0000_0000",
      tree: "leads to 0x3838_0000_0000 by an entry of 4 KiB",
      reasons: "8,388,608 entries of 4 KiB",
      timeline: "131,072 of them for 82:00.0 BAR 1",
    },
  ],
  [
    "Eight GPUs",
    {
      title: "Xen 4.17.5 on AMD",
      map: "P2M: 2 MiB entry → 0x1800_0000_0000; IOMMU: 1 GiB entry → 0x1800_0000_0000",
      tree: "leads to 0x1800_0000_0000 by an entry of 2 MiB",
      reasons: "32,768 entries of 2 MiB",
      timeline: "512 of them for 01:00.0 BAR 1",
    },
  ],
  [
    "MSI-X network cards",
    {
      title: "Xen 4.14.6 on Intel",
      map: "shared by the IOMMU",
      tree: "leads to 0x38ff_c000_0000 by an entry of 4 KiB",
      reasons: "2 entries of 4 KiB",
      timeline: "9 of them for 5e:00.0 BAR 0",
    },
  ],
  [
    "A broken table",
    {
      title: "Page tables as found: 2 trees (EPT, VT-d)",
      map: "0xf220_0000",
      tree: "the table that the last entry points to is not in memory",
      reasons: "An EPT entry has a combination of rights or a memory type that does not exist",
      timeline: "Tables as found tell no history",
    },
  ],
];

export function exampleTests(lab: () => Lab): void {
  describe("examples", () => {
    test("each is one click away and fills the four views; nothing is asked of the network", async () => {
      const { page, complaints, requests } = await visit(lab());
      const loaded = requests.length;
      for (const [button, { title, map, tree, reasons, timeline }] of EXAMPLES) {
        await page.getByRole("button", { name: button, exact: true }).click();
        await page.getByRole("heading", { name: title }).waitFor();
        await settled(page);
        await expectDrawn(page);
        await page.locator("#map-place", { hasText: map }).waitFor();
        await page.locator("#tree", { hasText: tree }).waitFor();
        await page.locator("#reasons", { hasText: reasons }).waitFor();
        await page.locator("#timeline", { hasText: timeline }).waitFor();
      }
      expect(complaints).toEqual([]);
      // What shows the page comes from its own server; each example starts the worker again, and nothing else is fetched.
      expect(requests.every((url) => url.startsWith(lab().url))).toBe(true);
      expect(
        new Set(requests.slice(loaded).map((url) => url.slice(lab().url.length).replace(/-[\w-]{8}\.js$/, ""))),
      ).toEqual(new Set(["assets/worker"]));
      await page.context().close();
    });

    test("a request is refused by the page's own policy", async () => {
      const { page } = await follow(lab());
      const refused = await page.evaluate(() =>
        fetch(location.href).then(
          () => "let through",
          () => "refused",
        ),
      );
      expect(refused).toBe("refused");
    });
  });
}
