import { size } from "../../src/report/units.ts";
import { picture, selected, showWhole, space, spaceIndex, view } from "../state/store.ts";
import { AddressMap } from "./address-map.tsx";
import { MAP_KEYS } from "./keys.ts";
import { MapLegend } from "./legend.tsx";
import { Minimap } from "./minimap.tsx";
import { RegionList } from "./region-list.tsx";
import { MOST_PAGES, zoomAbout } from "./scale.ts";

/** The address map with what moves it and what explains it. */
export function MapView() {
  const shown = space.value;
  const spaces = picture.value?.spaces ?? [];
  if (!shown) return null;
  return (
    <>
      <div class="row">
        {spaces.length > 1 && (
          <label>
            Guest{" "}
            <select
              value={String(spaceIndex.value)}
              onChange={(event) => {
                spaceIndex.value = Number(event.currentTarget.value);
                showWhole();
              }}
            >
              {spaces.map(({ name }, i) => (
                <option key={name} value={String(i)}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )}
        <Zoom />
        <MapLegend />
      </div>
      <Minimap />
      <AddressMap />
      <details class="keys-help">
        <summary>Keys and regions</summary>
        <p id="map-keys" class="small">
          {MAP_KEYS.map(([keys, says]) => (
            <span key={keys} class="key-help">
              <kbd>{keys}</kbd> {says}
            </span>
          ))}
          <span class="key-help">wheel or pinch: zoom; drag: move; click: select; double click: closer</span>
        </p>
        <RegionList />
      </details>
    </>
  );
}

/** Zoom in halves of a power of two: 0 is all 2^48 bytes, 72 one page. */
const STEPS = 72;
const stepOf = (pages: number): number => Math.round(2 * Math.log2(MOST_PAGES / pages));

function Zoom() {
  const { pages } = view.value;
  const about = (): number => {
    const { from, pages: wide } = view.value;
    const at = selected.value;
    return at !== null && at >= from && at <= from + wide ? at + 0.5 : from + wide / 2;
  };
  const zoomBy = (factor: number): void => {
    view.value = zoomAbout(view.value, factor, about());
  };
  const text = `${size(2 ** Math.round(Math.log2(pages * 4096)))} in view`;
  return (
    <div class="zoom">
      <button type="button" aria-label="Zoom out" onClick={() => zoomBy(2)}>
        −
      </button>
      <input
        type="range"
        aria-label="Zoom"
        min={0}
        max={STEPS}
        value={stepOf(pages)}
        aria-valuetext={text}
        onInput={(event) => zoomBy(MOST_PAGES / 2 ** (Number(event.currentTarget.value) / 2) / view.value.pages)}
      />
      <button type="button" aria-label="Zoom in" onClick={() => zoomBy(1 / 2)}>
        +
      </button>
      <button type="button" onClick={showWhole}>
        Everything
      </button>
    </div>
  );
}
