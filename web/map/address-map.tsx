import { effect, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { select, selected, space, tree, view } from "../state/store.ts";
import { theme } from "../state/theme.ts";
import { nowOnMap } from "../state/timelines.ts";
import { canvasSurface } from "./canvas-surface.ts";
import { drawMap, ROWS } from "./draw.ts";
import { attachGestures } from "./gestures.ts";
import { mapKey } from "./keys.ts";
import { readPalette } from "./palette.ts";
import { MOST_PAGES } from "./scale.ts";
import type { Palette } from "./surface.ts";
import { placeInWords } from "./words.ts";

/** The strip of guest physical space: drawn on a canvas, moved by wheel, drag, touch and keys. */
export function AddressMap() {
  const ref = useRef<HTMLCanvasElement>(null);
  const width = useSignal(0);

  useEffect(() => {
    const canvas = ref.current!;
    const observer = new ResizeObserver(([entry]) => {
      width.value = Math.floor(entry!.contentRect.width);
    });
    observer.observe(canvas.parentElement!);
    const release = attachGestures(canvas, {
      view: () => view.value,
      setView: (next) => {
        view.value = next;
      },
      pick: (frame, pixels) => {
        const y = pixels / typeScale();
        if (y >= ROWS.iommu.y - 8) tree.value = "iommu";
        else if (y >= ROWS.p2m.y - 8) tree.value = "p2m";
        select(Math.max(0, Math.floor(frame)));
      },
    });
    let asked = 0;
    const draw = (): void => {
      asked = 0;
      const shown = space.peek();
      if (shown && width.peek() > 0) paint(canvas, width.peek());
    };
    const stop = effect(() => {
      // Read, so that a change of any of them draws again, once a frame.
      [space.value, view.value, selected.value, tree.value, theme.value, nowOnMap.value, width.value];
      if (asked === 0) asked = requestAnimationFrame(draw);
    });
    return () => {
      observer.disconnect();
      release();
      stop();
      cancelAnimationFrame(asked);
    };
  }, [width]);

  return (
    <div class="map-frame">
      <div
        class="map-strip"
        tabIndex={0}
        role="slider"
        aria-label="Guest address"
        aria-valuemin={0}
        aria-valuemax={MOST_PAGES - 1}
        aria-valuenow={selected.value ?? 0}
        aria-valuetext={placeInWords.value}
        aria-describedby="map-keys"
        onKeyDown={mapKey}
      >
        <canvas ref={ref} class="map-canvas" />
      </div>
      <p id="map-place" class="map-place">
        {placeInWords.value}
      </p>
    </div>
  );
}

let known: { readonly theme: string; readonly palette: Palette } | null = null;

/** The theme's colours, which are asked for once a theme. */
function paletteNow(): Palette {
  if (known?.theme !== theme.peek()) known = { theme: theme.peek(), palette: readPalette(document.documentElement) };
  return known.palette;
}

/** The page's type size against the usual 16 pixels: on very wide screens everything grows. */
const typeScale = (): number => Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

function paint(canvas: HTMLCanvasElement, width: number): void {
  const scale = typeScale();
  const ratio = Math.min(3, devicePixelRatio || 1) * scale;
  const height = ROWS.height * scale;
  const [w, h] = [Math.round((width / scale) * ratio), Math.round(ROWS.height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d", { alpha: false })!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const palette = paletteNow();
  drawMap(canvasSurface(context, palette, ratio), {
    space: space.peek()!,
    view: view.peek(),
    width: width / scale,
    palette,
    selected: selected.peek(),
    tree: tree.peek(),
    now: nowOnMap.peek(),
  });
}
