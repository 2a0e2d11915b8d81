import { AddressMap } from "./map/address-map.tsx";
import { failure, picture, working } from "./state/store.ts";

/** The page. */
export function App() {
  const shown = picture.value;
  return (
    <>
      <header class="top">
        <h1>Physmap</h1>
        {shown && <p class="subject">{shown.title}</p>}
      </header>
      <main aria-busy={working.value !== null}>
        {working.value && <p role="status">{working.value.says}</p>}
        {failure.value && <p role="alert">{failure.value}</p>}
        {shown && (
          <section aria-labelledby="map-title">
            <h2 id="map-title">Address map</h2>
            <AddressMap />
          </section>
        )}
      </main>
    </>
  );
}
