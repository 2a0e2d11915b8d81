import { effect, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { WalkTable } from "../protocol.ts";
import { theme } from "../state/theme.ts";
import { COLUMNS, drawGrid, gridPalette } from "./grid-canvas.ts";
import { KINDS, kindCounts } from "./kinds.ts";

interface Props {
  readonly table: WalkTable;
  /** Another entry of the table was chosen. */
  readonly onPick: (index: number) => void;
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  ArrowUp: -COLUMNS,
  ArrowDown: COLUMNS,
  PageUp: -4 * COLUMNS,
  PageDown: 4 * COLUMNS,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

/** A table as a grid of its entries, the one on the way marked. */
export function TableGrid({ table, onPick }: Props) {
  const ref = useRef<HTMLCanvasElement>(null);
  const width = useSignal(0);
  const { cells, step } = table;

  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      width.value = Math.floor(entry!.contentRect.width);
    });
    observer.observe(ref.current!.parentElement!);
    return () => observer.disconnect();
  }, [width]);

  useEffect(
    () =>
      effect(() => {
        if (width.value > 0 && theme.value) paint(ref.current!, cells, step.index, width.value);
      }),
    [cells, step.index, width],
  );

  const pick = (index: number): void => onPick(Math.min(cells.length - 1, Math.max(0, index)));
  const nonEmpty = kindCounts(cells)
    .flatMap((count, kind) => (count > 0 ? [`${count} ${KINDS[kind]!.title}`] : []))
    .join(", ");

  return (
    <div
      class="grid-frame"
      tabIndex={0}
      role="slider"
      aria-label={`Entry of the level ${step.level} table at ${step.table}`}
      aria-valuemin={0}
      aria-valuemax={cells.length - 1}
      aria-valuenow={step.index}
      aria-valuetext={`entry ${step.index} of ${cells.length}: ${step.kind}; in the table: ${nonEmpty}`}
      onKeyDown={(event) => {
        const by = STEPS[event.key];
        if (by === undefined) return;
        event.preventDefault();
        pick(step.index + by);
      }}
    >
      <canvas
        ref={ref}
        onClick={(event) => {
          const { left, top, width: wide } = event.currentTarget.getBoundingClientRect();
          const side = wide / COLUMNS;
          pick(Math.floor((event.clientY - top) / side) * COLUMNS + Math.floor((event.clientX - left) / side));
        }}
      />
    </div>
  );
}

function paint(canvas: HTMLCanvasElement, cells: Uint8Array, current: number, width: number): void {
  const ratio = Math.min(3, devicePixelRatio || 1);
  const side = Math.min(18, width / COLUMNS);
  const rows = Math.ceil(cells.length / COLUMNS);
  canvas.width = Math.round(side * COLUMNS * ratio);
  canvas.height = Math.round(side * rows * ratio);
  canvas.style.width = `${side * COLUMNS}px`;
  canvas.style.height = `${side * rows}px`;
  const context = canvas.getContext("2d", { alpha: false })!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  drawGrid(context, cells, current, side, gridPalette(canvas));
}
