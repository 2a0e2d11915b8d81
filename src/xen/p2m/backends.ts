import type { Domain } from "../domain.ts";
import type { P2mBackend } from "./backend.ts";
import { EPT_BACKEND } from "./ept.ts";
import { NPT_BACKEND } from "./npt.ts";

/** EPT on Intel with HAP; NPT's format for everything else, shadow-mode P2Ms on Intel included. */
export const backendOf = (domain: Domain): P2mBackend => (domain.p2m.format.name === "ept" ? EPT_BACKEND : NPT_BACKEND);
