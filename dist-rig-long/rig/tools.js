import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
const BUILD = [
    { needs: "gcc", package: "gcc" },
    { needs: "ld", package: "binutils" },
    { needs: "setpriv", package: "util-linux" },
];
const TOOLS = {
    qemu: [
        ...BUILD,
        { needs: "qemu-system-x86_64", package: "qemu-system-x86" },
        { needs: "/usr/share/seabios/bios-256k.bin", package: "seabios" },
    ],
    bochs: [
        ...BUILD,
        { needs: "bochs", package: "bochs" },
        { needs: "/usr/share/bochs/BIOS-bochs-latest", package: "bochsbios" },
        { needs: "/usr/share/seabios/vgabios-stdvga.bin", package: "seabios" },
        { needs: "grub-mkrescue", package: "grub-common" },
        { needs: "/usr/lib/grub/i386-pc/multiboot.mod", package: "grub-pc-bin" },
        { needs: "xorriso", package: "xorriso" },
        { needs: "mformat", package: "mtools" },
    ],
};
function isThere(needs) {
    if (needs.startsWith("/"))
        return existsSync(needs);
    return (process.env.PATH ?? "").split(delimiter).some((folder) => {
        try {
            accessSync(join(folder, needs), constants.X_OK);
            return true;
        }
        catch {
            return false;
        }
    });
}
/** The Debian packages that an emulator's runs still need, each once. */
export const missingPackages = (emulator) => [
    ...new Set(TOOLS[emulator].filter((tool) => !isThere(tool.needs)).map((tool) => tool.package)),
];
/** Throws with the packages to install when anything is missing. */
export function requireTools(emulator) {
    const missing = missingPackages(emulator);
    if (missing.length > 0)
        throw new Error(`the rig needs packages that are not installed: apt-get install ${missing.join(" ")}`);
}
