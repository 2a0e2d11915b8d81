import { canvasSurface } from "../map/canvas-surface.ts";
import { type Drawing, drawMap, ROWS } from "../map/draw.ts";
import { readPalette } from "../map/palette.ts";
import { placeInWords } from "../map/words.ts";
import { advice } from "../state/advice.ts";
import { picture, selected, space, tree, view } from "../state/store.ts";
import { nowOnMap } from "../state/timelines.ts";
import { svgSurface } from "./svg-surface.ts";

/** Pictures are drawn this wide whatever the window is. */
const WIDTH = 1600;
const PNG_RATIO = 2;

/** What the map shows, for a picture of it; null where there is none. */
function drawing(): Drawing | null {
  if (!space.value) return null;
  return {
    space: space.value,
    view: view.value,
    width: WIDTH,
    palette: readPalette(document.documentElement),
    selected: selected.value,
    tree: tree.value,
    now: nowOnMap.value,
  };
}

/** The address map as an SVG document. */
export function mapSvg(): string | null {
  const now = drawing();
  if (!now) return null;
  const context = document.createElement("canvas").getContext("2d")!;
  const measure = canvasSurface(context, now.palette, 1).widthOf;
  const svg = svgSurface(now.palette, measure);
  drawMap(svg.surface, now);
  return svg.document(WIDTH, ROWS.height, picture.value?.title ?? "Physmap", placeInWords.value);
}

/** The address map as a PNG, twice as fine as the page. */
export function mapPng(): Promise<Blob | null> {
  const now = drawing();
  if (!now) return Promise.resolve(null);
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH * PNG_RATIO;
  canvas.height = ROWS.height * PNG_RATIO;
  const context = canvas.getContext("2d", { alpha: false })!;
  context.scale(PNG_RATIO, PNG_RATIO);
  drawMap(canvasSurface(context, now.palette, PNG_RATIO), now);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

/** What is shown as Physmap's own document: the plan with its advice, or the audit. */
export function documentJson(): string | null {
  const shown = picture.value;
  const plan = shown?.plan ? { ...shown.plan, advice: advice.value ?? [] } : null;
  const document = plan ?? shown?.audit ?? null;
  return document && `${JSON.stringify(document, null, 2)}\n`;
}

/** Hand a file to the reader. */
export function save(name: string, content: Blob | string | null, type: string): void {
  if (content === null) return;
  const url = URL.createObjectURL(typeof content === "string" ? new Blob([content], { type }) : content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own hold on the blob once it has begun.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
