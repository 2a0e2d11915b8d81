import { seconds, thousands } from "../../src/report/units.ts";
import type { Change } from "../protocol.ts";
import { against, changes, clock, picture } from "../state/store.ts";
import {
  clockNow,
  goToCall,
  moments,
  pause,
  play,
  playing,
  timelineFailure,
  timelines,
  wholeTime,
} from "../state/timelines.ts";
import { CostTable } from "./cost-table.tsx";
import { Curve } from "./curve.tsx";
import { DotField } from "./dot-field.tsx";
import { Steps } from "./steps.tsx";

/** The mapping as it happens: hypercall after hypercall, one scenario or two against each other. */
export function TimelineView() {
  if (picture.value?.kind !== "plan")
    return <p class="dim">Tables as found tell no history: plan a device to see one.</p>;
  const all = timelines.value;
  if (all.length === 0 && timelineFailure.value === null) return <p class="dim">Mapping call by call …</p>;
  return (
    <>
      <div class="row">
        <button type="button" class="primary" onClick={() => (playing.value ? pause() : play())}>
          {playing.value ? "Pause" : "Play"}
        </button>
        <Scrubber />
        <Against />
      </div>
      {timelineFailure.value && (
        <p class="notice bad" role="alert">
          {timelineFailure.value}
        </p>
      )}
      <div class="scenarios">
        {all.map((info, i) => (
          <Lane key={info.name} scenario={i} />
        ))}
      </div>
      <div class="cost">
        <Curve />
        <CostTable />
      </div>
      <p class="dim small">Counts are exact; times are estimates from default costs, the likely one of a range.</p>
    </>
  );
}

const SCRUB_STEPS = 1000;

function Scrubber() {
  const whole = wholeTime.value;
  const text = `${seconds(clockNow.value / 1e9)} of ${seconds(whole / 1e9)}`;
  return (
    <label class="scrub">
      <span class="hidden">Clock</span>
      <input
        type="range"
        min={0}
        max={SCRUB_STEPS}
        value={whole === 0 ? SCRUB_STEPS : Math.round((clockNow.value / whole) * SCRUB_STEPS)}
        aria-valuetext={text}
        onInput={(event) => {
          pause();
          const part = Number(event.currentTarget.value) / SCRUB_STEPS;
          clock.value = part >= 1 ? null : Math.round(part * whole);
        }}
      />
      <output>{text}</output>
    </label>
  );
}

function Lane({ scenario }: { readonly scenario: number }) {
  const info = timelines.value[scenario]!;
  const now = moments.value[scenario];
  const done = now?.calls ?? 0;
  return (
    <section class={`lane line-${scenario}`} aria-label={info.name}>
      <h3>
        <span class={`key line-${scenario}`} aria-hidden="true" />
        {info.name}
        <b class="big">{thousands(info.calls)}</b> <span class="dim">hypercalls</span>
        <span class="dim small"> {rangesText(info.ranges)}</span>
      </h3>
      <DotField scenario={scenario} />
      <div class="row">
        <button
          type="button"
          aria-label={`${info.name}: one call back`}
          onClick={() => void goToCall(scenario, done - 1)}
        >
          ◀
        </button>
        <label>
          call{" "}
          <input
            type="number"
            min={0}
            max={info.calls}
            value={done}
            onChange={(event) => void goToCall(scenario, Number(event.currentTarget.value))}
          />
        </label>
        <button
          type="button"
          aria-label={`${info.name}: one call on`}
          onClick={() => void goToCall(scenario, done + 1)}
        >
          ▶
        </button>
        <span class="dim small">of {thousands(info.calls)}</span>
      </div>
      {now?.last ? <Steps call={now.last} /> : <p class="dim small">Nothing is mapped yet.</p>}
    </section>
  );
}

/** The two longest ranges by name. */
function rangesText(ranges: readonly { readonly bdf: string; readonly bar: number; readonly calls: number }[]): string {
  const longest = [...ranges].sort((a, b) => b.calls - a.calls).slice(0, 1);
  if (ranges.length < 2) return "";
  return longest
    .map(({ bdf, bar, calls }) => `${thousands(calls)} of them for ${bdf.replace(/^0000:/, "")} BAR ${bar}`)
    .join("");
}

const COMPARED: readonly (readonly [value: string, title: string])[] = [
  ["", "nothing"],
  ["xen=4.11", "Xen 4.11"],
  ["xen=as-posted", "the patch of 2018, as posted"],
  ["xen=4.12", "Xen 4.12"],
  ["xen=4.14", "Xen 4.14"],
  ["xen=4.17", "Xen 4.17"],
  ["xen=4.22", "Xen 4.22"],
];

export const againstText = (list: readonly Change[]): string => list.map(([key, value]) => `${key}=${value}`).join(",");

function Against() {
  const now = againstText(against.value);
  const known = COMPARED.some(([value]) => value === now);
  return (
    <label>
      against{" "}
      <select
        value={now}
        onChange={(event) => {
          pause();
          const [key, value] = event.currentTarget.value.split("=");
          against.value = key && value ? [[key, value]] : [];
        }}
      >
        {COMPARED.filter(([value]) => !changes.value.some(([key, set]) => value === `${key}=${set}`)).map(
          ([value, title]) => (
            <option key={value} value={value}>
              {title}
            </option>
          ),
        )}
        {!known && <option value={now}>{now}</option>}
      </select>
    </label>
  );
}
