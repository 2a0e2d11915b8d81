import type { Texture } from "./surface.ts";

/** Textures repeat after so many pixels both ways. */
export const TILE = 8;

export type Mark =
  | { readonly x: number; readonly y: number; readonly radius: number }
  | {
      readonly x0: number;
      readonly y0: number;
      readonly x1: number;
      readonly y1: number;
      readonly thick: number;
    };

const dot = (x: number, y: number, radius: number): Mark => ({ x, y, radius });
const stroke = (x0: number, y0: number, x1: number, y1: number, thick: number): Mark => ({ x0, y0, x1, y1, thick });

/** Fine dots for 4 KiB, slanting strokes for 2 MiB, solid for 1 GiB: the larger the entry, the fuller the texture. */
const MARKS: Readonly<Record<Texture, readonly Mark[]>> = {
  "4k": [dot(2, 2, 1.05), dot(6, 6, 1.05)],
  "2m": [stroke(-2, 10, 10, -2, 2.2), stroke(-6, 6, 6, -6, 2.2), stroke(2, 14, 14, 2, 2.2)],
  "1g": [],
  ram: [stroke(0, 4, 8, 4, 0.8)],
  none: [],
  differ: [stroke(-2, -2, 10, 10, 1.6), stroke(-2, 10, 10, -2, 1.6)],
};

export const textureMarks = (texture: Texture): readonly Mark[] => MARKS[texture];

/** The texture of an entry of 2^order pages. */
export const textureOf = (order: number): Texture => (order >= 18 ? "1g" : order >= 9 ? "2m" : "4k");
