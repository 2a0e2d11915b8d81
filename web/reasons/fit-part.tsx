import type { PlanDocument } from "../../src/plan/document.ts";

/** Whether everything fits, and what the plan rests on. */
export function FitPart({ plan }: { readonly plan: PlanDocument }) {
  const assumed = plan.notes.filter(({ kind }) => kind === "assumed");
  const others = plan.notes.filter(({ kind }) => kind !== "assumed");
  return (
    <>
      <h3>Fit</h3>
      {plan.fit.length === 0 ? (
        <p>Everything fits.</p>
      ) : (
        <ul class="reasons">
          {plan.fit.map(({ code, severity, says, set }) => (
            <li key={code + says} class={`notice ${severity === "fault" ? "bad" : "warn"}`}>
              {says}
              {set && (
                <>
                  {" "}
                  {set.where}: <code>{set.line}</code>
                </>
              )}
            </li>
          ))}
        </ul>
      )}
      <details>
        <summary>
          Rests on {assumed.length} assumption{assumed.length === 1 ? "" : "s"}, {plan.unverified.length} unconfirmed
          statement
          {plan.unverified.length === 1 ? "" : "s"}, {others.length} note{others.length === 1 ? "" : "s"}
        </summary>
        <ul class="reasons small">
          {assumed.map(({ says }) => (
            <li key={says}>assumed: {says}</li>
          ))}
          {plan.unverified.map(({ code, says }) => (
            <li key={code + says}>unconfirmed: {says}</li>
          ))}
          {others.map(({ kind, says, from }) => (
            <li key={kind + says + from?.line}>
              {kind}: {says}
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}
