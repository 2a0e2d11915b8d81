import { space } from "../state/store.ts";

/** What the textures mean; only what this picture can show. */
export function MapLegend() {
  const shown = space.value;
  if (!shown) return null;
  const orders = new Set([shown.p2m, shown.iommu].flatMap((tree) => (tree ? [...tree.runs.order] : [])));
  const items: (readonly [name: string, title: string, when: boolean])[] = [
    ["order-4k", "4 KiB entries", true],
    ["order-2m", "2 MiB", true],
    ["order-1g", "1 GiB", [...orders].some((order) => order >= 18)],
    ["ram", "RAM", shown.regions.some(({ kind }) => kind === "ram")],
    ["cut", "left out of a BAR", shown.regions.some(({ kind }) => kind === "cut")],
    ["differ", "P2M and IOMMU disagree", shown.disagreements.count > 0],
  ];
  return (
    <ul class="legend" aria-label="Textures">
      {items
        .filter(([, , when]) => when)
        .map(([name, title]) => (
          <li key={name}>
            <span class={`swatch ${name}`} aria-hidden="true" /> {title}
          </li>
        ))}
    </ul>
  );
}
