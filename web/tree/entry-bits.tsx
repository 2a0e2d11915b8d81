import type { WalkStep } from "../../src/radix/steps.ts";
import { ScrollBox } from "../ui/scroll-box.tsx";

/** First and last bit of a field's "hi:lo" or "n". */
function spanOf(bits: string): readonly [hi: number, lo: number] {
  const [hi, lo = hi] = bits.split(":").map(Number) as [number, number?];
  return [hi, lo];
}

/** A raw entry bit by bit: 64 bits grouped by field, and what each field says. */
export function EntryBits({ step }: { readonly step: WalkStep }) {
  const value = BigInt(step.raw);
  return (
    <div class="entry">
      <p class="entry-head">
        <span class={`tag kind-${step.kind}`}>{step.kind}</span> <code class="raw">{step.raw}</code>{" "}
        <span class="dim">
          level {step.level} {step.name}, index {step.index}
          {step.kind === "leaf" || step.kind === "table" ? `, ${step.access}` : ""}
          {step.memoryType ? `, ${step.memoryType}` : ""}
        </span>
      </p>
      {step.faults.map(({ code, says }) => (
        <p key={code} class={code === "recalculation-mark" ? "notice warn" : "notice bad"}>
          <strong>{code}</strong>: {says}
        </p>
      ))}
      <div class="bits" aria-hidden="true">
        {step.fields.map(({ bits, name }, i) => {
          const [hi, lo] = spanOf(bits);
          const digits = Array.from({ length: hi - lo + 1 }, (_, k) => (value >> BigInt(hi - k)) & 1n);
          return (
            <span key={bits} class={`bit-group ${i % 2 === 0 ? "even" : "odd"}`} title={`${bits} ${name}`}>
              {digits.map((digit, k) => (
                <span key={hi - k} class={digit === 1n ? "bit one" : "bit"}>
                  {String(digit)}
                </span>
              ))}
            </span>
          );
        })}
      </div>
      <ScrollBox label={`Fields of the level ${step.level} entry`}>
        <table class="fields">
          <thead>
            <tr>
              <th scope="col">Bits</th>
              <th scope="col">Field</th>
              <th scope="col">Value</th>
              <th scope="col">Says</th>
            </tr>
          </thead>
          <tbody>
            {step.fields.map(({ bits, name, value: held, says }) => (
              <tr key={bits} class={/^(0x)?0+$/.test(held) ? "zero" : ""}>
                <td class="number">{bits}</td>
                <td>{name}</td>
                <td class="number">{held}</td>
                <td>{says}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </div>
  );
}
