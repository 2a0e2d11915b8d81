import { select, selected, showWhole, space, tree, view, zoomTo } from "../state/store.ts";
import { MOST_PAGES, panBy, zoomAbout } from "./scale.ts";
import { runAt } from "./strip.ts";

/** What the keys do, for people. */
export const MAP_KEYS: readonly (readonly [keys: string, says: string])[] = [
  ["← →", "select what comes before, after"],
  ["+ −", "zoom"],
  ["Shift ← →", "move"],
  ["[ ]", "previous, next region"],
  ["Enter", "zoom to the selected entry"],
  ["Home", "everything"],
  ["0", "all 2⁴⁸ bytes"],
  ["↑ ↓", "P2M, IOMMU"],
];

/** The keys of the address map; others are left to the page. */
export function mapKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const act = actionOf(event);
  if (!act) return;
  event.preventDefault();
  act();
}

function actionOf({ key, shiftKey }: KeyboardEvent): (() => void) | null {
  const now = view.value;
  const about = selected.value ?? now.from + now.pages / 2;
  const inView = about >= now.from && about <= now.from + now.pages ? about : now.from + now.pages / 2;
  const set = (next: typeof now) => (): void => {
    view.value = next;
  };
  switch (key) {
    case "ArrowLeft":
      return shiftKey ? set(panBy(now, -0.1)) : () => step(-1);
    case "ArrowRight":
      return shiftKey ? set(panBy(now, 0.1)) : () => step(1);
    case "ArrowUp":
      return () => {
        tree.value = "p2m";
      };
    case "ArrowDown":
      return () => {
        tree.value = "iommu";
      };
    case "PageUp":
      return set(panBy(now, -0.9));
    case "PageDown":
      return set(panBy(now, 0.9));
    case "+":
    case "=":
      return set(zoomAbout(now, 1 / 2, inView));
    case "-":
    case "_":
      return set(zoomAbout(now, 2, inView));
    case "Home":
      return showWhole;
    case "0":
      return set({ from: 0, pages: MOST_PAGES });
    case "[":
      return () => region(-1);
    case "]":
      return () => region(1);
    case "Enter":
      return zoomToEntry;
    default:
      return null;
  }
}

/** The entry that holds the selected frame: its first frame and pages; a page where nothing is mapped. */
function entryAt(frame: number): { readonly start: number; readonly pages: number } {
  const shown = space.value;
  const info = shown && (tree.value === "iommu" && shown.iommu ? shown.iommu : shown.p2m);
  const run = info ? runAt(info.runs, frame) : -1;
  const pages = info && run >= 0 ? 2 ** info.runs.order[run]! : 1;
  return { start: Math.floor(frame / pages) * pages, pages };
}

/** Steps that are too small to be seen at this zoom are taken together. */
const STEPS_IN_VIEW = 100;

function step(by: number): void {
  const { from, pages: wide } = view.value;
  const now = selected.value ?? Math.floor(from);
  const { start, pages } = entryAt(now);
  const far = Math.floor(wide / STEPS_IN_VIEW);
  const next = far > pages ? now + by * far : by < 0 ? start - 1 : start + pages;
  select(Math.min(MOST_PAGES - 1, Math.max(0, next)));
}

function zoomToEntry(): void {
  if (selected.value === null) return;
  const { start, pages } = entryAt(selected.value);
  const frame = selected.value;
  zoomTo(start, pages * 4);
  selected.value = frame;
}

/** Go to the next region that begins behind (before) the selected frame. */
function region(by: number): void {
  const regions = space.value?.regions ?? [];
  const at = selected.value ?? 0;
  const next = by > 0 ? regions.find(({ start }) => start > at) : regions.findLast(({ start }) => start < at);
  if (next) zoomTo(next.start, next.pages);
}
