import { useSignal } from "@preact/signals";
import { picture } from "../state/store.ts";
import { documentJson, mapPng, mapSvg, save } from "./export.ts";

/** Take the picture away: as SVG, PNG, JSON, on paper, or as a link. */
export function ExportMenu() {
  const copied = useSignal("");
  const hasDocument = Boolean(picture.value?.plan ?? picture.value?.audit);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(location.href);
      copied.value = "Link copied";
    } catch {
      copied.value = "The browser does not let the page copy: take the link from the address bar";
    }
  };
  return (
    <div class="menu">
      <button type="button" onClick={() => void copy()}>
        Copy link
      </button>
      <button type="button" onClick={() => save("physmap.svg", mapSvg(), "image/svg+xml")}>
        SVG
      </button>
      <button type="button" onClick={() => void mapPng().then((blob) => save("physmap.png", blob, "image/png"))}>
        PNG
      </button>
      {hasDocument && (
        <button type="button" onClick={() => save("physmap.json", documentJson(), "application/json")}>
          JSON
        </button>
      )}
      <button type="button" onClick={() => print()}>
        Print
      </button>
      <span role="status" class="small dim">
        {copied.value}
      </span>
    </div>
  );
}
