import { effect } from "@preact/signals";
import { linkOf, placeOf } from "./link.ts";
import { goTo, picture, placeNow } from "./store.ts";

/** How long the state must rest before it is written: browsers refuse to change the address more than some times a second. */
const REST_MS = 250;

/** Keep the part of the address after "#" and the state the same. */
export function mirrorState(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    const link = `#${linkOf(placeNow())}`;
    if (picture.value === null) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      history.replaceState(null, "", link);
    }, REST_MS);
  });
  // Of somebody else's making: replacing the state announces nothing. By now the address may be written over already.
  addEventListener("hashchange", ({ newURL }) => {
    clearTimeout(timer);
    void goTo(placeOf(new URL(newURL).hash));
  });
}
