import { FONT } from "../map/canvas-surface.ts";
import { type Palette, type Surface, TEXTURES, type Texture } from "../map/surface.ts";
import { TILE, textureMarks } from "../map/texture.ts";

const quoted = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
const n = (value: number): string => String(Math.round(value * 100) / 100);

/** A surface that writes an SVG document. `measure` tells how wide a text is. */
export function svgSurface(palette: Palette, measure: (text: string, size: number) => number) {
  const parts: string[] = [];
  const surface: Surface = {
    rect(x, y, width, height, colour) {
      parts.push(box(x, y, width, height, `fill="${quoted(colour)}"`));
    },
    fill(x, y, width, height, texture) {
      parts.push(box(x, y, width, height, `fill="url(#${texture})"`));
    },
    frame(x, y, width, height, colour, thick) {
      const inner = [x + thick / 2, y + thick / 2, Math.max(0, width - thick), Math.max(0, height - thick)] as const;
      parts.push(box(...inner, `fill="none" stroke="${quoted(colour)}" stroke-width="${n(thick)}"`));
    },
    line(x0, y0, x1, y1, colour, thick) {
      parts.push(
        `<line x1="${n(x0)}" y1="${n(y0)}" x2="${n(x1)}" y2="${n(y1)}" stroke="${quoted(colour)}" stroke-width="${n(thick)}"/>`,
      );
    },
    text(x, y, text, { colour, size = 12, bold = false, align = "start", back }) {
      if (back !== undefined) {
        const width = measure(text, size) + 8;
        const left = align === "middle" ? x - width / 2 : align === "end" ? x - width + 4 : x - 4;
        parts.push(box(left, y - size / 2 - 3, width, size + 6, `fill="${quoted(back)}"`));
      }
      const weight = bold ? ' font-weight="600"' : "";
      parts.push(
        `<text x="${n(x)}" y="${n(y + size * 0.36)}" font-size="${size}"${weight} text-anchor="${align}" fill="${quoted(colour)}">${quoted(text)}</text>`,
      );
    },
    widthOf: measure,
  };
  /** The whole document, which stands alone. */
  const document = (width: number, height: number, title: string, says: string): string =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="${n(width)}" height="${n(height)}" viewBox="0 0 ${n(width)} ${n(height)}" font-family="${quoted(FONT)}" role="img">
<title>${quoted(title)}</title>
<desc>${quoted(says)}</desc>
<defs>${TEXTURES.map((texture) => pattern(texture, palette)).join("")}</defs>
${parts.join("\n")}
</svg>
`;
  return { surface, document };
}

const box = (x: number, y: number, width: number, height: number, rest: string): string =>
  `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" ${rest}/>`;

function pattern(texture: Texture, { fills }: Palette): string {
  const { back, fore } = fills[texture];
  const marks = textureMarks(texture).map((mark) =>
    "radius" in mark
      ? `<circle cx="${mark.x}" cy="${mark.y}" r="${mark.radius}" fill="${quoted(fore)}"/>`
      : `<line x1="${mark.x0}" y1="${mark.y0}" x2="${mark.x1}" y2="${mark.y1}" stroke="${quoted(fore)}" stroke-width="${mark.thick}"/>`,
  );
  return `<pattern id="${texture}" width="${TILE}" height="${TILE}" patternUnits="userSpaceOnUse"><rect width="${TILE}" height="${TILE}" fill="${quoted(back)}"/>${marks.join("")}</pattern>`;
}
