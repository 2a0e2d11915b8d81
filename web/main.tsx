import { render } from "preact";
import { App } from "./app.tsx";
import { acceptDrops } from "./inputs/drop.ts";
import { followAdvice } from "./state/advice.ts";
import { firstPlace } from "./state/given.ts";
import { mirrorState } from "./state/mirror.ts";
import { goTo } from "./state/store.ts";
import { followTimelines } from "./state/timelines.ts";
import { followWalk } from "./state/walk.ts";

const root = document.getElementById("app")!;
root.replaceChildren();
render(<App />, root);
mirrorState();
acceptDrops();
followWalk();
followTimelines();
followAdvice();
void goTo(firstPlace(location.hash));
