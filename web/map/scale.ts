/** The stretch of guest physical space that is in view: first frame (may have a fraction) and pages. */
export interface View {
  readonly from: number;
  readonly pages: number;
}

/** 2^48 bytes, and one 4 KiB page. */
export const MOST_PAGES = 2 ** 36;
export const LEAST_PAGES = 1;

/** The view as far as it lies in the space. */
export function clampView({ from, pages }: View): View {
  const width = Math.min(MOST_PAGES, Math.max(LEAST_PAGES, pages));
  return { from: Math.min(MOST_PAGES - width, Math.max(0, from)), pages: width };
}

/** Pixels from the left edge of a frame's beginning. */
export const xOf = (frame: number, view: View, width: number): number => ((frame - view.from) / view.pages) * width;

/** Frame, with its fraction, at a pixel. */
export const frameAt = (x: number, view: View, width: number): number => view.from + (x / width) * view.pages;

/** Zoom by a factor (below 1 closer) about a frame that stays where it is. */
export function zoomAbout(view: View, factor: number, about: number): View {
  const pages = Math.min(MOST_PAGES, Math.max(LEAST_PAGES, view.pages * factor));
  return clampView({ from: about - (about - view.from) * (pages / view.pages), pages });
}

/** Move by a part of the view's width. */
export const panBy = (view: View, part: number): View => clampView({ ...view, from: view.from + part * view.pages });

/** A stretch in view, with a margin at both sides. */
export const viewOf = (start: number, pages: number, margin = 0.04): View =>
  clampView({ from: start - pages * margin, pages: pages * (1 + 2 * margin) });

/** The view with a frame in it: as it is, or moved so that the frame is in the middle. */
export const showing = (view: View, frame: number): View =>
  frame >= view.from && frame + 1 <= view.from + view.pages
    ? view
    : clampView({ ...view, from: frame + 0.5 - view.pages / 2 });

export interface Tick {
  readonly frame: number;
  readonly text: string;
}

/** Marks at multiples of a power of two, about one each `least` pixels, named as short as the step allows. */
export function ticks(view: View, width: number, least = 120): readonly Tick[] {
  const step = Math.max(1, 2 ** Math.ceil(Math.log2((view.pages / Math.max(1, width)) * least)));
  const found: Tick[] = [];
  for (let frame = Math.ceil(view.from / step) * step; frame <= view.from + view.pages; frame += step)
    found.push({ frame, text: addressText(frame) });
  return found;
}

/** A frame's address in groups of four digits. */
export function addressText(frame: number): string {
  const digits = (Math.floor(frame) * 4096).toString(16);
  const groups: string[] = [];
  for (let end = digits.length; end > 0; end -= 4) groups.unshift(digits.slice(Math.max(0, end - 4), end));
  return `0x${groups.join("_")}`;
}
