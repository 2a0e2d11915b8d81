/** How hypercalls are laid out as dots: columns of `rows` dots, filled from the top left downwards. */
export interface DotPlan {
  /** Pixels from dot to dot. */
  readonly pitch: number;
  readonly rows: number;
  readonly columns: number;
  /** Hypercalls that one dot stands for. */
  readonly perDot: number;
}

const PITCHES = [8, 6, 5, 4, 3, 2, 1];

/** The largest dots with which so many calls fit into a box. */
export function planDots(calls: number, width: number, height: number): DotPlan {
  for (const pitch of PITCHES) {
    const rows = Math.floor(height / pitch);
    const columns = Math.floor(width / pitch);
    if (rows * columns >= calls) return { pitch, rows, columns, perDot: 1 };
  }
  const [rows, columns] = [Math.floor(height), Math.max(1, Math.floor(width))];
  return { pitch: 1, rows, columns, perDot: Math.ceil(calls / (rows * columns)) };
}

/** Draw `done` of `calls` dots; the last one done is marked. Whole columns are drawn at once. */
export function drawDots(
  context: CanvasRenderingContext2D,
  { pitch, rows, perDot }: DotPlan,
  calls: number,
  done: number,
  colours: { readonly back: string; readonly open: string; readonly done: string; readonly now: string },
  width: number,
  height: number,
): void {
  context.fillStyle = colours.back;
  context.fillRect(0, 0, width, height);
  const gap = pitch > 2 ? 1 : 0;
  const fill = (from: number, to: number, colour: string): void => {
    context.fillStyle = colour;
    const size = pitch - gap;
    if (gap === 0) {
      fillColumns(context, from, to, rows, pitch);
      return;
    }
    for (let i = from; i < to; i++) context.fillRect(Math.floor(i / rows) * pitch, (i % rows) * pitch, size, size);
  };
  const all = Math.ceil(calls / perDot);
  const reached = Math.ceil(done / perDot);
  fill(reached, all, colours.open);
  fill(0, reached, colours.done);
  if (reached > 0 && reached < all) {
    const at = reached - 1;
    const size = Math.max(4, pitch);
    context.fillStyle = colours.now;
    context.fillRect(Math.floor(at / rows) * pitch, (at % rows) * pitch, size, size);
  }
}

function fillColumns(context: CanvasRenderingContext2D, from: number, to: number, rows: number, pitch: number): void {
  for (let at = from; at < to; ) {
    const column = Math.floor(at / rows);
    const end = Math.min(to, (column + 1) * rows);
    const whole = at % rows === 0 ? Math.floor((to - at) / rows) : 0;
    if (whole > 0) {
      context.fillRect(column * pitch, 0, whole * pitch, rows * pitch);
      at += whole * rows;
    } else {
      context.fillRect(column * pitch, (at % rows) * pitch, pitch, (end - at) * pitch);
      at = end;
    }
  }
}
