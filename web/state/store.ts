import { batch, computed, signal } from "@preact/signals";
import { EXAMPLES } from "../examples.ts";
import { showing, type View, viewOf } from "../map/scale.ts";
import type { Change, Inputs, Picture, Progress, Space } from "../protocol.ts";
import { type Client, startClient } from "./client.ts";
import { DEFAULT_PLACE, type Place, type Source } from "./link.ts";

/** The one state of the page. Views read these and change them by the functions below; the link mirrors them. */
export const source = signal<Source>(DEFAULT_PLACE.source);
export const changes = signal<readonly Change[]>([]);
export const against = signal<readonly Change[]>([]);
export const roots = signal<readonly string[]>([]);
export const picture = signal<Picture | null>(null);
export const spaceIndex = signal(0);
export const tree = signal<"p2m" | "iommu">("p2m");
export const view = signal<View>({ from: 0, pages: 2 ** 36 });
export const selected = signal<number | null>(null);
/** Nanoseconds that the timeline's clock shows; null: it has come to its end. */
export const clock = signal<number | null>(null);
/** What is being worked on; null when nothing is. */
export const working = signal<Progress | null>({ says: "starting", part: 0 });
/** What went wrong with the last thing that was asked for. */
export const failure = signal<string | null>(null);

export const space = computed<Space | null>(() => picture.value?.spaces[spaceIndex.value] ?? null);

/** The worker that holds what is shown; another one opens what comes next, so that this one stays until that is done. */
export const client = signal<Client | null>(null);
let opening: Client | null = null;

/** The stretch from the first to the last thing that there is to see. */
export function wholeOf({ regions, p2m, iommu }: Space): View {
  let [start, end] = [Number.POSITIVE_INFINITY, 0];
  const take = (from: number, to: number): void => {
    start = Math.min(start, from);
    end = Math.max(end, to);
  };
  for (const region of regions) take(region.start, region.start + region.pages);
  for (const each of [p2m, iommu]) {
    if (!each || each.runs.count === 0) continue;
    const { runs } = each;
    take(runs.start[0]!, runs.start[runs.count - 1]! + runs.pages[runs.count - 1]!);
  }
  return end === 0 ? viewOf(0, 2 ** 36, 0) : viewOf(start, Math.max(1, end - start));
}

export const showWhole = (): void => {
  if (space.value) view.value = wholeOf(space.value);
};

/** Select a frame and bring it into view. */
export function select(frame: number | null): void {
  selected.value = frame;
  if (frame !== null) view.value = showing(view.value, frame);
}

/** Fill the view with a stretch and select its first frame. */
export function zoomTo(start: number, pages: number): void {
  view.value = viewOf(start, pages);
  selected.value = start;
}

/** What a source holds, or why it cannot be had. */
export function inputsOf(from: Source): Inputs | string {
  if (from.kind === "own") return from;
  if (from.kind === "missing")
    return `This link was made from ${from.names.join(", ")}, which a link cannot carry: drop the same file(s) here.`;
  const example = EXAMPLES.find(({ name }) => name === from.name);
  return example ? { texts: example.texts, files: [] } : `There is no example "${from.name}".`;
}

/** Open what the state names, in a worker of its own; `place` says where to look then. */
export async function open(place: Pick<Place, "view" | "selected"> = { view: null, selected: null }): Promise<void> {
  opening?.stop();
  opening = null;
  failure.value = null;
  const inputs = inputsOf(source.value);
  if (typeof inputs === "string") {
    failure.value = inputs;
    working.value = null;
    return;
  }
  const next = startClient();
  opening = next;
  working.value = { says: "reading", part: 0 };
  const onProgress = (progress: Progress): void => {
    if (opening === next) working.value = progress;
  };
  try {
    const args = { inputs, changes: changes.value, roots: roots.value };
    const opened = await next.call("open", args, onProgress);
    if (opening !== next) return;
    client.value?.stop();
    batch(() => {
      client.value = next;
      picture.value = opened;
      if (spaceIndex.value >= opened.spaces.length) spaceIndex.value = 0;
      if (place.view) view.value = place.view;
      else showWhole();
      selected.value = place.selected ?? firstToSee(space.value);
    });
  } catch (error) {
    if (opening !== next) return;
    next.stop();
    failure.value = error instanceof Error ? error.message : String(error);
  }
  opening = null;
  working.value = null;
}

/** What is broken, else the first frame of the largest BAR, or of the first run. */
function firstToSee(shown: Space | null): number | null {
  if (!shown) return null;
  const problem = shown.p2m?.problems[0] ?? shown.iommu?.problems[0];
  if (problem) return problem.at;
  if (shown.disagreements.count > 0) return shown.disagreements.start[0]!;
  const bars = shown.regions.filter(({ kind }) => kind === "bar");
  const [largest] = [...bars].sort((a, b) => b.pages - a.pages);
  return largest?.start ?? shown.p2m?.runs.start[0] ?? shown.iommu?.runs.start[0] ?? null;
}

/** Give up what is being opened; what was shown stays. */
export function cancel(): void {
  opening?.stop();
  opening = null;
  working.value = null;
}

/** Open other inputs, as they are. */
export function openSource(next: Source, compared: readonly Change[] = []): Promise<void> {
  return goTo({ ...DEFAULT_PLACE, source: next, against: compared });
}

/** Try other scenario keys on the same inputs, and go on looking at the same place. */
export function openWith(next: readonly Change[]): Promise<void> {
  changes.value = next;
  return open({ view: view.value, selected: selected.value });
}

/** The state as a link carries it. */
export const placeNow = (): Place => ({
  source: source.value,
  changes: changes.value,
  against: against.value,
  roots: roots.value,
  space: spaceIndex.value,
  tree: tree.value,
  view: view.value,
  selected: selected.value,
  clock: clock.value,
});

/** Take the state from a link, and open what it names. */
export function goTo(place: Place): Promise<void> {
  batch(() => {
    source.value = place.source;
    changes.value = place.changes;
    against.value = place.against;
    roots.value = place.roots;
    spaceIndex.value = place.space;
    tree.value = place.tree;
    clock.value = place.clock;
  });
  return open(place);
}
