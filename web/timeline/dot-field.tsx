import { effect, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { thousands } from "../../src/report/units.ts";
import { theme } from "../state/theme.ts";
import { moments, timelines } from "../state/timelines.ts";
import { drawDots, planDots } from "./dots.ts";

const HEIGHT = 128;

/** Every mapping hypercall of a scenario as a dot, at the same scale for all scenarios. */
export function DotField({ scenario }: { readonly scenario: number }) {
  const ref = useRef<HTMLCanvasElement>(null);
  const width = useSignal(0);
  const perDot = useSignal(1);

  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      width.value = Math.floor(entry!.contentRect.width);
    });
    observer.observe(ref.current!.parentElement!);
    const stop = effect(() => {
      const info = timelines.value[scenario];
      const canvas = ref.current;
      if (!info || !canvas || width.value === 0 || !theme.value) return;
      const most = Math.max(1, ...timelines.value.map(({ calls }) => calls));
      const plan = planDots(most, width.value, HEIGHT);
      perDot.value = plan.perDot;
      paint(canvas, plan, info.calls, moments.value[scenario]?.calls ?? 0, width.value);
    });
    return () => {
      observer.disconnect();
      stop();
    };
  }, [scenario, width, perDot]);

  return (
    <div class="dots">
      <canvas ref={ref} />
      <p class="dim small">
        one dot = {perDot.value === 1 ? "one hypercall" : `${thousands(perDot.value)} hypercalls`}
      </p>
    </div>
  );
}

function paint(
  canvas: HTMLCanvasElement,
  plan: ReturnType<typeof planDots>,
  calls: number,
  done: number,
  width: number,
): void {
  const height = Math.min(HEIGHT, plan.rows * plan.pitch);
  const ratio = Math.min(2, devicePixelRatio || 1);
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d", { alpha: false })!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const style = getComputedStyle(canvas);
  const named = (name: string): string => style.getPropertyValue(name).trim();
  const colours = { back: named("--paper"), open: named("--line"), done: named("--accent"), now: named("--bad") };
  drawDots(context, plan, calls, done, colours, width, height);
}
