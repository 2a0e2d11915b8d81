/** Fills that tell kinds apart without colour as well. */
export const TEXTURES = ["4k", "2m", "1g", "ram", "none", "differ"] as const;
export type Texture = (typeof TEXTURES)[number];

/** Colours by name, taken from the page's theme. */
export interface Palette {
  readonly ink: string;
  readonly dim: string;
  readonly paper: string;
  readonly lane: string;
  readonly line: string;
  readonly focus: string;
  readonly bad: string;
  readonly fills: Readonly<Record<Texture, { readonly back: string; readonly fore: string }>>;
}

export interface TextStyle {
  readonly colour: string;
  readonly size?: number;
  readonly bold?: boolean;
  readonly align?: "start" | "middle" | "end";
  /** Painted behind the text, so that it can be read on a texture. */
  readonly back?: string;
}

/** What a picture is drawn on: a canvas on the page, or an SVG document for export. Sizes are CSS pixels. */
export interface Surface {
  rect(x: number, y: number, width: number, height: number, colour: string): void;
  /** `shift` moves the texture along with what it covers. */
  fill(x: number, y: number, width: number, height: number, texture: Texture, shift: number): void;
  frame(x: number, y: number, width: number, height: number, colour: string, thick: number): void;
  line(x0: number, y0: number, x1: number, y1: number, colour: string, thick: number): void;
  text(x: number, y: number, text: string, style: TextStyle): void;
  widthOf(text: string, size: number): number;
}
