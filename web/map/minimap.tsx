import { computed } from "@preact/signals";
import { size } from "../../src/report/units.ts";
import { space, view, zoomTo } from "../state/store.ts";
import { frameAtPlace, overviewOf, windowIn } from "./overview.ts";
import { addressText, clampView, panBy } from "./scale.ts";

const parts = computed(() => (space.value ? overviewOf(space.value) : []));

/** Everything at once, gaps cut short and sizes on a logarithmic scale: where the view is, and a way to go elsewhere. */
export function Minimap() {
  const all = parts.value;
  if (all.length === 0) return null;
  const { at, width } = windowIn(all, view.value);
  const percent = (part: number): string => `${(100 * part).toFixed(3)}%`;
  const go = (event: MouseEvent & { readonly currentTarget: HTMLElement }): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const frame = frameAtPlace(all, (event.clientX - box.left) / box.width);
    const part = all.findLast(({ start }) => start <= frame);
    if (part && part.kind !== "gap" && part.pages < view.value.pages / 16) zoomTo(part.start, part.pages);
    else view.value = clampView({ ...view.value, from: frame - view.value.pages / 2 });
  };
  return (
    <div
      class="minimap"
      tabIndex={0}
      role="slider"
      aria-label="Overview"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(100 * at)}
      aria-valuetext={`in view: ${size(2 ** Math.round(Math.log2(view.value.pages * 4096)))} from ${addressText(view.value.from)}`}
      onClick={go}
      onKeyDown={(event) => {
        const by = event.key === "ArrowLeft" ? -0.5 : event.key === "ArrowRight" ? 0.5 : 0;
        if (by === 0) return;
        event.preventDefault();
        view.value = panBy(view.value, by);
      }}
    >
      {all.map((part) => (
        <span
          key={part.start}
          class={`part ${part.kind}`}
          style={{ left: percent(part.at), width: percent(part.width) }}
          title={part.kind === "gap" ? "nothing" : `${addressText(part.start)}, ${size(part.pages * 4096)}`}
        />
      ))}
      <span class="window" style={{ left: percent(at), width: percent(width) }} />
    </div>
  );
}
