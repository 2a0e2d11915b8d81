import { render } from "preact";
import { App } from "./app.tsx";
import { placeOf } from "./state/link.ts";
import { mirrorState } from "./state/mirror.ts";
import { goTo } from "./state/store.ts";

const root = document.getElementById("app")!;
root.replaceChildren();
render(<App />, root);
mirrorState();
void goTo(placeOf(location.hash));
