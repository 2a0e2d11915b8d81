import type { Palette, Surface, Texture } from "./surface.ts";
import { TILE, textureMarks } from "./texture.ts";

export const FONT = 'ui-sans-serif, system-ui, "Segoe UI", "Noto Sans", sans-serif';

/** A surface that draws on a canvas whose context is scaled to CSS pixels. */
export function canvasSurface(context: CanvasRenderingContext2D, palette: Palette, ratio: number): Surface {
  const tiles = new Map<Texture, CanvasPattern>();
  const tileOf = (texture: Texture): CanvasPattern => {
    const known = tiles.get(texture);
    if (known) return known;
    const made = context.createPattern(drawTile(texture, palette, ratio), "repeat")!;
    tiles.set(texture, made);
    return made;
  };
  const fontOf = (size: number, bold: boolean): string => `${bold ? "600 " : ""}${size}px ${FONT}`;
  return {
    rect(x, y, width, height, colour) {
      context.fillStyle = colour;
      context.fillRect(x, y, width, height);
    },
    fill(x, y, width, height, texture, shift) {
      const tile = tileOf(texture);
      tile.setTransform(new DOMMatrix([1 / ratio, 0, 0, 1 / ratio, shift % TILE, y % TILE]));
      context.fillStyle = tile;
      context.fillRect(x, y, width, height);
    },
    frame(x, y, width, height, colour, thick) {
      context.strokeStyle = colour;
      context.lineWidth = thick;
      context.strokeRect(x + thick / 2, y + thick / 2, Math.max(0, width - thick), Math.max(0, height - thick));
    },
    line(x0, y0, x1, y1, colour, thick) {
      context.strokeStyle = colour;
      context.lineWidth = thick;
      context.beginPath();
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
      context.stroke();
    },
    text(x, y, text, { colour, size = 12, bold = false, align = "start", back }) {
      context.font = fontOf(size, bold);
      context.textAlign = align === "middle" ? "center" : align;
      context.textBaseline = "middle";
      if (back !== undefined) {
        const width = context.measureText(text).width + 8;
        const left = align === "middle" ? x - width / 2 : align === "end" ? x - width + 4 : x - 4;
        context.fillStyle = back;
        context.fillRect(left, y - size / 2 - 3, width, size + 6);
      }
      context.fillStyle = colour;
      context.fillText(text, x, y + 0.5);
    },
    widthOf(text, size) {
      context.font = fontOf(size, false);
      return context.measureText(text).width;
    },
  };
}

function drawTile(texture: Texture, { fills }: Palette, ratio: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.round(TILE * ratio);
  const context = canvas.getContext("2d")!;
  context.scale(canvas.width / TILE, canvas.height / TILE);
  const { back, fore } = fills[texture];
  context.fillStyle = back;
  context.fillRect(0, 0, TILE, TILE);
  context.fillStyle = context.strokeStyle = fore;
  for (const mark of textureMarks(texture)) {
    if ("radius" in mark) {
      context.beginPath();
      context.arc(mark.x, mark.y, mark.radius, 0, 2 * Math.PI);
      context.fill();
    } else {
      context.lineWidth = mark.thick;
      context.beginPath();
      context.moveTo(mark.x0, mark.y0);
      context.lineTo(mark.x1, mark.y1);
      context.stroke();
    }
  }
  return canvas;
}
