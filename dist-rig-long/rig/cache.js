import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
/** The project's root: the nearest folder above this file that holds a package.json. */
export function projectRoot() {
    let folder = dirname(fileURLToPath(import.meta.url));
    while (!existsSync(join(folder, "package.json"))) {
        const above = dirname(folder);
        if (above === folder)
            throw new Error("the rig runs from a clone of the project: no package.json above it");
        folder = above;
    }
    return folder;
}
/** Where packages, payloads and boot images are kept: PHYSMAP_RIG_CACHE, or .cache/rig in the project. */
export const cacheFolder = () => process.env.PHYSMAP_RIG_CACHE ?? join(projectRoot(), ".cache", "rig");
/** A folder in the cache, made when it is not there. */
export function cached(...names) {
    const folder = join(cacheFolder(), ...names);
    mkdirSync(folder, { recursive: true });
    return folder;
}
