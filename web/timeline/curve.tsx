import { seconds, size } from "../../src/report/units.ts";
import { moments, timelines } from "../state/timelines.ts";

const WIDTH = 460;
const HEIGHT = 210;
const LEFT = 62;
const BOTTOM = 30;
const TOP = 10;
const RIGHT = 14;

/** Cumulative cost: time that has gone by against what is mapped, a line a scenario. */
export function Curve() {
  const all = timelines.value;
  if (all.length === 0) return null;
  const mostPages = Math.max(1, ...all.map(({ pages }) => pages));
  const mostSeconds = Math.max(1e-9, ...all.map(({ total }) => total.time.likely));
  const x = (pages: number): number => LEFT + (pages / mostPages) * (WIDTH - LEFT - RIGHT);
  const y = (time: number): number => HEIGHT - BOTTOM - (time / mostSeconds) * (HEIGHT - BOTTOM - TOP);
  return (
    <svg
      class="curve"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={all.map(({ name, total }) => `${name}: ${seconds(total.time.likely)} in all`).join("; ")}
    >
      {[0, 0.25, 0.5, 0.75, 1].map((part) => (
        <g key={part}>
          <line class="grid-line" x1={LEFT} x2={WIDTH - RIGHT} y1={y(part * mostSeconds)} y2={y(part * mostSeconds)} />
          {part % 0.5 === 0 && (
            <text class="axis" x={LEFT - 8} y={y(part * mostSeconds) + 4} text-anchor="end">
              {part === 0 ? "0" : seconds(part * mostSeconds)}
            </text>
          )}
          {part % 0.5 === 0 && (
            <text
              class="axis"
              x={x(part * mostPages)}
              y={HEIGHT - 10}
              text-anchor={part === 0 ? "start" : part === 1 ? "end" : "middle"}
            >
              {part === 0 ? "nothing mapped" : size(part * mostPages * 4096)}
            </text>
          )}
        </g>
      ))}
      {all.map(({ name, samples }, i) => {
        const points = Array.from(
          samples.pages,
          (pages, k) => `${x(pages).toFixed(1)},${y(samples.seconds[k]!).toFixed(1)}`,
        );
        const now = moments.value[i];
        return (
          <g key={name} class={`line-${i}`}>
            <polyline points={points.join(" ")} />
            {now && <circle cx={x(now.pages)} cy={y(now.time.likely)} r={5} />}
          </g>
        );
      })}
    </svg>
  );
}
