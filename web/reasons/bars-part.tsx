import type { PlanDocument } from "../../src/plan/document.ts";
import { size, thousands } from "../../src/report/units.ts";
import { textureOf } from "../map/texture.ts";
import { zoomTo } from "../state/store.ts";
import { ScrollBox } from "../ui/scroll-box.tsx";

/** Every piece of every BAR with its order and the rule, by reason and by BAR. */
export function BarsPart({ plan }: { readonly plan: PlanDocument }) {
  return (
    <>
      <h3>Why</h3>
      <ul class="reasons">
        {plan.reasons.map(({ code, says, pages }) => (
          <li key={code}>
            <b>{thousands(pages)} pages</b>: {says} <code class="code">{code}</code>
          </li>
        ))}
        {plan.remarks.map(({ code, says }) => (
          <li key={code + says} class="dim">
            {says}
          </li>
        ))}
      </ul>
      <ScrollBox label="Pieces of the BARs">
        <table class="pieces">
          <thead>
            <tr>
              <th scope="col">BAR</th>
              <th scope="col" class="number">
                Entries
              </th>
              <th scope="col">Reason</th>
            </tr>
          </thead>
          <tbody>
            {plan.devices.flatMap(({ bdf, bars }) =>
              bars.flatMap(({ index, pieces, holes, problem }) => {
                const name = `${bdf.replace(/^0000:/, "")} BAR ${index}`;
                const rows = pieces.map(({ gfn, pages, order, entries, because }) => (
                  <tr key={`${name} ${gfn}`}>
                    <td>
                      <button type="button" class="link" onClick={() => zoomTo(Number(gfn), pages)}>
                        {name}
                      </button>
                    </td>
                    <td class="number">
                      {thousands(entries)} × {size(2 ** order * 4096)}{" "}
                      <span class={`swatch order-${textureOf(order)}`} aria-hidden="true" />
                    </td>
                    <td>
                      <code class="code">{because}</code>
                    </td>
                  </tr>
                ));
                const left = holes.map(({ gfn, pages, because }) => (
                  <tr key={`${name} hole ${gfn}`} class="dim">
                    <td>
                      <button type="button" class="link" onClick={() => zoomTo(Number(gfn), pages * 8)}>
                        {name}
                      </button>
                    </td>
                    <td class="number">{thousands(pages)} left out</td>
                    <td>
                      <code class="code">{because}</code>
                    </td>
                  </tr>
                ));
                const none = problem ? (
                  <tr key={`${name} problem`}>
                    <td>{name}</td>
                    <td class="number">none</td>
                    <td class="bad-text">{problem}</td>
                  </tr>
                ) : null;
                return [...rows, ...left, none];
              }),
            )}
          </tbody>
        </table>
      </ScrollBox>
    </>
  );
}
