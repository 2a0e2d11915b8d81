import type { PlanBar, PlanDevice, PlanDocument, PlanPiece } from "../../src/plan/document.ts";
import { size, thousands } from "../../src/report/units.ts";
import { REASONS } from "../../src/xen/reasons.ts";
import { addressText } from "../map/scale.ts";
import { textureOf } from "../map/texture.ts";
import { selected } from "../state/store.ts";

interface Place {
  readonly device: PlanDevice;
  readonly bar: PlanBar;
  readonly piece: PlanPiece | null;
  /** Why the frame is left out of the BAR; null where it is not. */
  readonly hole: string | null;
}

const holds = ({ gfn, pages }: { readonly gfn: string; readonly pages: number }, frame: number): boolean =>
  frame >= Number(gfn) && frame < Number(gfn) + pages;

/** The BAR and the piece that a frame lies in. */
function placeOfFrame({ devices }: PlanDocument, frame: number): Place | null {
  for (const device of devices)
    for (const bar of device.bars) {
      const first = bar.guest === null ? null : Math.floor(Number(bar.guest) / 4096);
      const pages = Math.max(1, Math.ceil((bar.size ?? 0) / 4096));
      if (first === null || frame < first || frame >= first + pages) continue;
      const piece = bar.pieces.find((each) => holds(each, frame)) ?? null;
      return { device, bar, piece, hole: bar.holes.find((each) => holds(each, frame))?.because ?? null };
    }
  return null;
}

/** Why the selected address has its order. */
export function SelectedPart({ plan }: { readonly plan: PlanDocument }) {
  const frame = selected.value;
  if (frame === null) return null;
  const place = placeOfFrame(plan, frame);
  if (!place)
    return (
      <p class="dim">
        <code>{addressText(frame)}</code> lies in no BAR: select one to see why it is mapped as it is.
      </p>
    );
  const { device, bar, piece, hole } = place;
  return (
    <div class="why">
      <p class="small dim">
        <code>{addressText(frame)}</code> lies in {device.bdf} BAR {bar.index}, {size(bar.size ?? 0)}
      </p>
      {piece ? (
        <>
          <p class="verdict">
            <span class={`swatch order-${textureOf(piece.order)}`} aria-hidden="true" />
            {thousands(piece.entries)} {piece.entries === 1 ? "entry" : "entries"} of {size(2 ** piece.order * 4096)}
          </p>
          <p>
            {REASONS[piece.because].says} <code class="code">{piece.because}</code>
          </p>
          <p class="change">{REASONS[piece.because].change}</p>
        </>
      ) : (
        <p class="verdict">{hole ? `not mapped: ${hole}` : (bar.problem ?? "not mapped")}</p>
      )}
    </div>
  );
}
