import { HEADLINE_KINDS, KIND_TITLES } from "../../src/report/kinds.ts";
import { seconds, thousands } from "../../src/report/units.ts";
import { moments, timelines } from "../state/timelines.ts";
import { ScrollBox } from "../ui/scroll-box.tsx";

/** What was booked up to now, by kind, a column a scenario. */
export function CostTable() {
  const all = timelines.value;
  const now = moments.value;
  const kinds = HEADLINE_KINDS.filter((kind) => all.some(({ total }) => total.ledger[kind] > 0));
  return (
    <ScrollBox label="Cumulative cost">
      <table class="costs">
        <thead>
          <tr>
            <th scope="col">Up to now (of all)</th>
            {all.map(({ name }, i) => (
              <th key={name} scope="col" class="number">
                <span class={`key line-${i}`} aria-hidden="true" />
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {kinds.map((kind) => (
            <tr key={kind}>
              <th scope="row">{KIND_TITLES[kind]}</th>
              {all.map(({ name, total }, i) => (
                <td key={name} class="number">
                  <b>{thousands(now[i]?.ledger[kind] ?? 0)}</b>
                  {now[i] && now[i].calls < total.calls ? (
                    <span class="dim"> / {thousands(total.ledger[kind])}</span>
                  ) : null}
                </td>
              ))}
            </tr>
          ))}
          <tr>
            <th scope="row">estimated time</th>
            {all.map(({ name, total }, i) => (
              <td key={name} class="number">
                <b>{seconds(now[i]?.time.likely ?? 0)}</b>
                {now[i] && now[i].calls < total.calls ? <span class="dim"> / {seconds(total.time.likely)}</span> : null}
              </td>
            ))}
          </tr>
        </tbody>
      </table>
    </ScrollBox>
  );
}
