import { SCENARIO_KEYS } from "../../src/plan/keys.ts";
import type { Change } from "../protocol.ts";
import { DEFAULT_PLACE, namedText, type Place, placeOf } from "./link.ts";

/** Where the server that hands out the page puts what it was given. */
const BLOCK = "physmap-inputs";

/**
 * Where to begin: at the place that the link names; without one, at the inputs that `physmap explore` was given, which stand
 * in a block of data in the page; else at an example.
 */
export function firstPlace(hash: string): Place {
  if (!/^#?$/.test(hash)) return placeOf(hash);
  const block = document.getElementById(BLOCK);
  const given = block && readGiven(block.textContent);
  if (!given) return DEFAULT_PLACE;
  if (given.texts.length === 0) return { ...DEFAULT_PLACE, changes: given.changes };
  return {
    ...DEFAULT_PLACE,
    source: { kind: "own", texts: given.texts, files: [] },
    changes: given.changes,
    against: [],
  };
}

function readGiven(text: string) {
  const { inputs, keys } = JSON.parse(text) as { inputs?: unknown; keys?: unknown };
  const texts = (Array.isArray(inputs) ? inputs : []).flatMap(({ name, text: content, kind }) =>
    namedText(name, content, kind),
  );
  const changes = Object.entries(keys ?? {}).flatMap(([key, value]): Change[] =>
    key in SCENARIO_KEYS ? [value].flat().map((each) => [key, String(each)]) : [],
  );
  return texts.length + changes.length === 0 ? null : { texts, changes };
}
