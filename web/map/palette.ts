import { type Palette, TEXTURES, type Texture } from "./surface.ts";

/** The colours of the theme in force, from the page's custom properties. */
export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const named = (name: string): string => style.getPropertyValue(name).trim();
  const fills = Object.fromEntries(
    TEXTURES.map((texture) => [
      texture,
      { back: named(`--fill-${texture}-back`), fore: named(`--fill-${texture}-fore`) },
    ]),
  ) as Record<Texture, { back: string; fore: string }>;
  return {
    ink: named("--ink"),
    dim: named("--dim"),
    paper: named("--paper"),
    lane: named("--lane"),
    line: named("--line"),
    focus: named("--focus"),
    bad: named("--bad"),
    fills,
  };
}
