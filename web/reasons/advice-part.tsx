import type { Advice } from "../../src/plan/advice.ts";
import type { PlanDocument } from "../../src/plan/document.ts";
import { KIND_TITLES } from "../../src/report/kinds.ts";
import { seconds, thousands } from "../../src/report/units.ts";
import type { LedgerKind } from "../../src/xen/ledger.ts";
import { advice, adviceProgress, tryChange, undoChange } from "../state/advice.ts";
import { against, changes, working } from "../state/store.ts";
import { againstText } from "../timeline/timeline-view.tsx";

/** What to change, each with a switch that tries it at once. */
export function AdvicePart({ plan }: { readonly plan: PlanDocument }) {
  const found = advice.value;
  const tried = changes.value;
  return (
    <>
      <h3>What to change</h3>
      {tried.length > 0 && (
        <ul class="advice">
          {tried.map(([key, value], i) => (
            <li key={`${key}=${value}`} class="on">
              <button
                type="button"
                role="switch"
                aria-checked="true"
                disabled={working.value !== null}
                onClick={() => void undoChange(i)}
              >
                <span class="knob" aria-hidden="true" />
                <span>
                  Tried: <code>{`${key}=${value}`}</code>
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {found === null ? (
        <p class="dim" role="status">
          {adviceProgress.value?.says ?? "looking for what would help"} …
        </p>
      ) : found.length === 0 ? (
        <p class="dim">No change that Physmap knows would make a boot faster or map more.</p>
      ) : (
        <ul class="advice">
          {found.map((each) => (
            <Item key={againstText(Object.entries(each.change))} advice={each} whole={plan.boot.time.likely} />
          ))}
        </ul>
      )}
    </>
  );
}

function Item({
  advice: { change, says, write, saves, mends },
  whole,
}: {
  readonly advice: Advice;
  readonly whole: number;
}) {
  const { seconds: saved, ...counts } = saves;
  const most = Object.entries(counts)
    .filter(([kind]) => kind in KIND_TITLES)
    .slice(0, 3)
    .map(([kind, units]) => `${thousands(units)} fewer ${KIND_TITLES[kind as LedgerKind]}`);
  const isCompared = againstText(against.value) === againstText(Object.entries(change));
  return (
    <li>
      <button
        type="button"
        role="switch"
        aria-checked="false"
        disabled={working.value !== null}
        onClick={() => void tryChange(change)}
      >
        <span class="knob" aria-hidden="true" />
        <span>{says}</span>
      </button>
      <p class="saves">
        {mends ? `${mends} more BAR${mends === 1 ? "" : "s"} mapped. ` : ""}
        saves <b>{seconds(saved[1])}</b> of a boot's {seconds(whole)}
        {whole > 0 ? ` (${Math.round((saved[1] / whole) * 100)} %)` : ""}
        {most.length > 0 ? `; each mapping: ${most.join(", ")}` : ""}
      </p>
      <p class="write">
        {write.where}: <code>{write.line}</code>{" "}
        <button
          type="button"
          class="link"
          aria-pressed={isCompared}
          onClick={() => {
            against.value = isCompared ? [] : Object.entries(change);
          }}
        >
          {isCompared ? "compared in the timeline" : "compare in the timeline"}
        </button>
      </p>
    </li>
  );
}
