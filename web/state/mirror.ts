import { effect } from "@preact/signals";
import { linkOf, placeOf } from "./link.ts";
import { goTo, picture, placeNow } from "./store.ts";

/** How long the state must rest before it is written: browsers refuse to change the address more than some times a second. */
const REST_MS = 250;

/** Keep the part of the address after "#" and the state the same. */
export function mirrorState(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let written = location.hash;
  effect(() => {
    const link = `#${linkOf(placeNow())}`;
    if (picture.value === null) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      written = link;
      history.replaceState(null, "", link);
    }, REST_MS);
  });
  addEventListener("hashchange", () => {
    if (location.hash === written) return;
    written = location.hash;
    clearTimeout(timer);
    void goTo(placeOf(location.hash));
  });
}
