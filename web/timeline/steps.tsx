import { KIND_TITLES } from "../../src/report/kinds.ts";
import { size, thousands } from "../../src/report/units.ts";
import { addressText } from "../map/scale.ts";
import { textureOf } from "../map/texture.ts";
import type { Moment } from "../protocol.ts";
import { select, selected } from "../state/store.ts";

/** A call that was made: its steps of the mapping loop, 64 at most, and what it booked. */
export function Steps({ call }: { readonly call: NonNullable<Moment["last"]> }) {
  const { steps } = call;
  const at = steps.findIndex(
    ({ gfn, order }) => selected.value !== null && selected.value >= gfn && selected.value < gfn + 2 ** order,
  );
  const chosen = steps[Math.max(0, at)];
  const pick = (index: number): void => {
    const step = steps[Math.min(steps.length - 1, Math.max(0, index))];
    if (step) select(step.gfn);
  };
  const by: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -16, ArrowDown: 16 };
  return (
    <div class="steps">
      <p class="small">
        Call {thousands(call.call + 1)} from <code>{addressText(call.gfn)}</code>:{" "}
        {steps.length === 0 ? "a removal" : `${steps.length} step${steps.length === 1 ? "" : "s"}`}
        {chosen ? ` of ${sizesOf(steps)}` : ""}, {returnedText(call.returned)}
      </p>
      {steps.length > 0 && (
        <div
          class="step-cells"
          tabIndex={0}
          role="slider"
          aria-label="Step of the call"
          aria-valuemin={1}
          aria-valuemax={steps.length}
          aria-valuenow={Math.max(0, at) + 1}
          aria-valuetext={
            chosen
              ? `step ${Math.max(0, at) + 1} of ${steps.length}: ${size(2 ** chosen.order * 4096)} at gfn 0x${chosen.gfn.toString(16)}, ${chosen.because}`
              : "no step"
          }
          onClick={(event) => {
            const index = event.target instanceof HTMLElement ? event.target.dataset.index : undefined;
            if (index !== undefined) pick(Number(index));
          }}
          onKeyDown={(event) => {
            const step = by[event.key];
            if (step === undefined) return;
            event.preventDefault();
            pick(Math.max(0, at) + step);
          }}
        >
          {steps.map((step, i) => (
            <span
              key={step.gfn}
              data-index={i}
              class={`step order-${textureOf(step.order)}${i === at ? " at" : ""}`}
              title={`gfn 0x${step.gfn.toString(16)} → mfn 0x${step.mfn.toString(16)}, ${size(2 ** step.order * 4096)}: ${step.because}`}
            />
          ))}
        </div>
      )}
      <p class="dim small">Booked: {bookedText(call.cost)}</p>
    </div>
  );
}

function sizesOf(steps: NonNullable<Moment["last"]>["steps"]): string {
  const orders = [...new Set(steps.map(({ order }) => order))].sort((a, b) => a - b);
  return orders.map((order) => size(2 ** order * 4096)).join(" and ");
}

const returnedText = (returned: number): string =>
  returned === 0 ? "all done" : returned > 0 ? `${thousands(returned)} pages done` : `failed with ${returned}`;

function bookedText(cost: NonNullable<Moment["last"]>["cost"]): string {
  const parts = Object.entries(KIND_TITLES).flatMap(([kind, title]) => {
    const units = cost[kind as keyof typeof cost];
    return units > 0 && kind !== "hypercalls" ? [`${thousands(units)} ${title}`] : [];
  });
  return parts.length === 0 ? "nothing" : parts.join(", ");
}
