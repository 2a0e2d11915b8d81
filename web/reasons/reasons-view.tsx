import { picture } from "../state/store.ts";
import { AdvicePart } from "./advice-part.tsx";
import { AuditPart } from "./audit-part.tsx";
import { BarsPart } from "./bars-part.tsx";
import { FitPart } from "./fit-part.tsx";
import { SelectedPart } from "./selected-part.tsx";

/** Why each piece got its order and what to change; of tables as found, what is wrong with them. */
export function ReasonsView() {
  const shown = picture.value;
  if (!shown) return null;
  if (shown.plan)
    return (
      <>
        <SelectedPart plan={shown.plan} />
        <AdvicePart plan={shown.plan} />
        <BarsPart plan={shown.plan} />
        <FitPart plan={shown.plan} />
      </>
    );
  return shown.audit ? (
    <AuditPart audit={shown.audit} />
  ) : (
    <p class="dim">A text's account of tables is shown, not checked.</p>
  );
}
