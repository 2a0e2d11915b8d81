import { el, type Markup, verbatim } from "./markup.ts";

/*
 * Colours (Okabe and Ito's, which colour-blind readers tell apart) and textures. A texture's cells grow with the size of
 * the entries, so that the picture reads without colour too.
 */

/** What a stretch of a lane can be. */
export const KINDS = {
  "4k": "4 KiB entries",
  "2m": "2 MiB entries",
  "1g": "1 GiB entries",
  ram: "guest RAM",
  cut: "cut out of a BAR",
  differ: "P2M and IOMMU disagree",
} as const;

export type Kind = keyof typeof KINDS;

/** The kind of a stretch by the order of its entries. */
export const kindOf = (order: number): Kind => (order >= 18 ? "1g" : order >= 9 ? "2m" : "4k");

/** Colours of paper, writing and lines; contrast is AA or better. */
export const THEMES = {
  light: { paper: "#ffffff", ink: "#1a1d20", faint: "#565d64", line: "#8a939b", ram: "#d5dade" },
  dark: { paper: "#14171a", ink: "#eef1f3", faint: "#b3bcc4", line: "#6f7981", ram: "#3d454c" },
} as const;

const theme = ({ paper, ink, faint, line, ram }: (typeof THEMES)["light" | "dark"]): string => `
.pm-paper{fill:${paper}}.pm-ink{fill:${ink}}.pm-faint{fill:${faint}}.pm-ram{fill:${ram}}
.pm-edge{stroke:${ink}}.pm-line{stroke:${line}}.pm-chip{fill:${paper}}`;

/** The rules of a picture by itself: light, and dark where the reader prefers that, except on paper. */
export const MAP_CSS = `
.pm-map text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-size:12px}
.pm-map .pm-name{font-weight:600}.pm-map .pm-small{font-size:11px}.pm-map .pm-title{font-size:15px;font-weight:600}
.pm-map .pm-mono{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:11px}
.pm-edge,.pm-line{fill:none}
${theme(THEMES.light)}
@media screen and (prefers-color-scheme:dark){${theme(THEMES.dark)}
}`;

/** Fill and cell lines of each texture, alike in both themes. */
const CELLS: Readonly<Record<"4k" | "2m" | "1g", { fill: string; line: string; width: number; height: number }>> = {
  "4k": { fill: "#e69f00", line: "#6b4a00", width: 4, height: 4 },
  "2m": { fill: "#56b4e9", line: "#0b4a73", width: 14, height: 60 },
  "1g": { fill: "#009e73", line: "#00382a", width: 44, height: 60 },
};

/** The textures of one picture. `prefix` keeps apart what two pictures of one page define. */
export function textures(prefix: string): Markup {
  const cells = Object.entries(CELLS).map(([kind, { fill, line, width, height }]) =>
    el(
      "pattern",
      { id: `${prefix}${kind}`, patternUnits: "userSpaceOnUse", width, height },
      el("rect", { width, height, fill }),
      el("path", {
        d: `M0 0V${height}${height < 10 ? `M0 0H${width}` : ""}`,
        stroke: line,
        "stroke-width": width < 10 ? 1.1 : 1.6,
      }),
    ),
  );
  const stripes = el(
    "pattern",
    { id: `${prefix}differ`, patternUnits: "userSpaceOnUse", width: 10, height: 10, patternTransform: "rotate(45)" },
    el("rect", { width: 10, height: 10, fill: "#d55e00" }),
    el("rect", { width: 5, height: 10, fill: "#1a1d20" }),
  );
  return el("defs", {}, cells, stripes);
}

/** Attributes that fill a stretch of a kind. */
export const filled = (kind: Kind, prefix: string): Readonly<Record<string, string>> =>
  kind === "ram" ? { class: "pm-ram" } : kind === "cut" ? { class: "pm-paper" } : { fill: `url(#${prefix}${kind})` };

/** The rules as an element of a picture that stands by itself. */
export const mapStyle = (): Markup => el("style", {}, verbatim(MAP_CSS));
