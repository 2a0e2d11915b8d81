/** Cells of a table in rows of 32: 512 entries are 16 rows. */
export const COLUMNS = 32;

/** Colours of the grid by kind, from the theme. */
export interface GridPalette {
  readonly back: string;
  readonly kinds: readonly { readonly fill: string; readonly mark: string }[];
  readonly ink: string;
  readonly focus: string;
}

export function gridPalette(element: Element): GridPalette {
  const style = getComputedStyle(element);
  const named = (name: string): string => style.getPropertyValue(name).trim();
  const kinds = ["empty", "leaf", "table", "software", "fault"];
  return {
    back: named("--paper"),
    kinds: kinds.map((kind) => ({ fill: named(`--cell-${kind}`), mark: named(`--cell-${kind}-mark`) })),
    ink: named("--ink"),
    focus: named("--focus"),
  };
}

/** Kinds differ in shape as well: a dot, a full cell, a ring, a bar, a cross. */
export function drawGrid(
  context: CanvasRenderingContext2D,
  cells: Uint8Array,
  current: number,
  side: number,
  { back, kinds, focus }: GridPalette,
): void {
  const rows = Math.ceil(cells.length / COLUMNS);
  context.fillStyle = back;
  context.fillRect(0, 0, side * COLUMNS, side * rows);
  for (let i = 0; i < cells.length; i++) {
    const x = (i % COLUMNS) * side;
    const y = Math.floor(i / COLUMNS) * side;
    drawCell(context, cells[i]!, x, y, side, kinds[cells[i]!]!);
  }
  const x = (current % COLUMNS) * side;
  const y = Math.floor(current / COLUMNS) * side;
  context.strokeStyle = focus;
  context.lineWidth = 2.5;
  context.strokeRect(x, y, side, side);
}

function drawCell(
  context: CanvasRenderingContext2D,
  kind: number,
  x: number,
  y: number,
  side: number,
  { fill, mark }: { readonly fill: string; readonly mark: string },
): void {
  const inner = side - 1;
  context.fillStyle = fill;
  context.fillRect(x + 0.5, y + 0.5, inner, inner);
  context.fillStyle = context.strokeStyle = mark;
  const [cx, cy] = [x + side / 2, y + side / 2];
  if (kind === 0) context.fillRect(cx - 0.75, cy - 0.75, 1.5, 1.5);
  else if (kind === 2) {
    context.lineWidth = 1.5;
    context.strokeRect(cx - side / 5, cy - side / 5, (2 * side) / 5, (2 * side) / 5);
  } else if (kind === 3) context.fillRect(x + side / 4, cy - 1, side / 2, 2);
  else if (kind === 4) {
    context.lineWidth = 1.75;
    context.beginPath();
    context.moveTo(x + side / 4, y + side / 4);
    context.lineTo(x + (3 * side) / 4, y + (3 * side) / 4);
    context.moveTo(x + (3 * side) / 4, y + side / 4);
    context.lineTo(x + side / 4, y + (3 * side) / 4);
    context.stroke();
  }
}
