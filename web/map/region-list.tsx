import { size } from "../../src/report/units.ts";
import { space, zoomTo } from "../state/store.ts";
import { addressText } from "./scale.ts";

/** The regions, disagreements and problems of the map as a list: the map without the picture. */
export function RegionList() {
  const shown = space.value;
  if (!shown) return null;
  const { regions, disagreements, p2m, iommu } = shown;
  const problems = [p2m, iommu].flatMap((tree) => tree?.problems.map((each) => ({ ...each, tree: tree.format })) ?? []);
  const KINDS = ["only the P2M maps", "only the IOMMU maps", "P2M and IOMMU lead elsewhere"];
  return (
    <ul class="regions">
      {regions.map(({ start, pages, label, says }) => (
        <li key={`${start} ${label} ${pages}`}>
          <button type="button" class="link" onClick={() => zoomTo(start, pages)}>
            <code>{addressText(start)}</code> {label}
          </button>{" "}
          <span class="dim">{says}</span>
        </li>
      ))}
      {Array.from({ length: Math.min(50, disagreements.count) }, (_, i) => (
        <li key={`differ ${disagreements.start[i]}`} class="bad-text">
          <button type="button" class="link" onClick={() => zoomTo(disagreements.start[i]!, disagreements.pages[i]!)}>
            <code>{addressText(disagreements.start[i]!)}</code> ≠ {KINDS[disagreements.kind[i]!]}
          </button>{" "}
          {size(disagreements.pages[i]! * 4096)}
        </li>
      ))}
      {problems.slice(0, 50).map(({ at, pages, says, tree }) => (
        <li key={`${tree} ${at} ${says}`} class="bad-text">
          <button type="button" class="link" onClick={() => zoomTo(at, pages)}>
            <code>{addressText(at)}</code> {tree}
          </button>{" "}
          {says}
        </li>
      ))}
    </ul>
  );
}
