import { useSignal } from "@preact/signals";
import { size } from "../../src/report/units.ts";
import { addressText } from "../map/scale.ts";
import type { Walk, WalkTable } from "../protocol.ts";
import { select, selected, space, tree } from "../state/store.ts";
import { treeInView, walk } from "../state/walk.ts";
import { Choice } from "../ui/choice.tsx";
import { EntryBits } from "./entry-bits.tsx";
import { KINDS } from "./kinds.ts";
import { TableGrid } from "./table-grid.tsx";

/** The radix tree from its root to where the selected frame's walk ends. */
export function TreeView() {
  const shown = space.value;
  if (!shown) return null;
  const info = treeInView(shown, tree.value);
  const found = walk.value;
  return (
    <>
      <div class="row">
        <Choice
          label="Tables"
          value={tree.value}
          options={[
            ["p2m", shown.p2m ? `P2M (${shown.p2m.format})` : "P2M: none"],
            ["iommu", shown.shared ? "IOMMU (shared)" : shown.iommu ? `IOMMU (${shown.iommu.format})` : "IOMMU: none"],
          ]}
          onChoose={(value) => {
            tree.value = value;
          }}
        />
        <KindLegend />
      </div>
      {info === null ? (
        <p class="dim">{tree.value === "p2m" ? "There is no P2M." : "There are no IOMMU tables."}</p>
      ) : !info.walkable ? (
        <p class="dim">A text tells what these tables map, but does not hold the tables.</p>
      ) : selected.value === null ? (
        <p class="dim">Select an address in the map.</p>
      ) : found === null ? (
        <p class="dim">Reading the tables …</p>
      ) : (
        <Path found={found} />
      )}
    </>
  );
}

/** The frame that an entry holds at the same place in what lies below as the selected one. */
const frameIn = ({ base, span }: WalkTable, index: number): number =>
  base + index * span + ((selected.value ?? 0) % span);

function Path({ found }: { readonly found: Walk }) {
  // Whoever looks at a table's entries goes on seeing that table's; a selection made elsewhere shows where its walk ends.
  const chosen = useSignal<{ readonly frame: number; readonly level: number } | null>(null);
  const isChosen = chosen.value?.frame === found.frame;
  const open = found.tables.find(({ step }) => isChosen && step.level === chosen.value?.level) ?? found.tables.at(-1);
  const choose = (frame: number, level: number): void => {
    chosen.value = { frame, level };
    if (frame !== selected.value) select(frame);
  };
  return (
    <>
      <p class="leads">
        gfn <code>0x{found.frame.toString(16)}</code>{" "}
        {found.maps === null ? (
          "leads nowhere"
        ) : (
          <>
            leads to <code>{addressText(Number(found.maps) / 4096)}</code> by an entry of{" "}
            {size(2 ** (found.order ?? 0) * 4096)}
          </>
        )}
        {found.cut ? <strong class="bad-text"> — {found.cut}</strong> : null}
      </p>
      <ol class="path">
        {found.tables.map((table) => (
          <li key={table.step.level} class={open === table ? "table-card open" : "table-card"}>
            <button
              type="button"
              class="table-head"
              aria-pressed={open === table}
              onClick={() => choose(found.frame, table.step.level)}
            >
              <span class="level">Level {table.step.level}</span>
              <span>
                {table.step.name} <b>{table.step.index}</b>
              </span>
              <span class={`tag kind-${table.step.kind}`}>{table.step.kind}</span>
            </button>
            <TableGrid table={table} onPick={(index) => choose(frameIn(table, index), table.step.level)} />
            <p class="dim small">
              at <code>{addressText(Number(table.step.table) / 4096)}</code>, {size(table.span * 4096)} an entry
            </p>
          </li>
        ))}
      </ol>
      {open && <EntryBits step={open.step} />}
    </>
  );
}

function KindLegend() {
  return (
    <ul class="legend" aria-label="Kinds of entries">
      {KINDS.map(({ kind, title }) => (
        <li key={kind}>
          <span class={`swatch cell-${kind}`} aria-hidden="true" /> {title}
        </li>
      ))}
    </ul>
  );
}
