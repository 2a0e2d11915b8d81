import { EPT_BACKEND } from "./ept.js";
import { NPT_BACKEND } from "./npt.js";
/** EPT on Intel with HAP; NPT's format for everything else, shadow-mode P2Ms on Intel included. */
export const backendOf = (domain) => (domain.p2m.format.name === "ept" ? EPT_BACKEND : NPT_BACKEND);
