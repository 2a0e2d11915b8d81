import { shellWords } from "./words.js";
export const XEN_BOOT = {
    variable: "GRUB_CMDLINE_XEN",
    entry: /^(?:(?:multiboot2?|xen_hypervisor)[ \t]|kernel[ \t]{1,8}[^ \t]{0,200}xen)/,
};
export const LINUX_BOOT = {
    variable: "GRUB_CMDLINE_LINUX",
    entry: /^(?:linux(?:efi|16)?|module2?|kernel)[ \t]{1,8}[^ \t]{0,200}(?:vmlinuz|bzImage)/,
};
const GRUB = /^(?:export[ \t]{1,8})?(GRUB_CMDLINE_[A-Z_]{1,20})=/;
const EFI_OPTIONS = /^options[ \t]{0,8}=/;
/** Bounds what a variable that names itself again and again can grow to. */
const MAX_OPTIONS = 2 ** 16;
const FILE = /^[/(]|\.(?:gz|efi|elf)$/i;
/**
 * Finds the options in a grub defaults file (`GRUB_CMDLINE_XEN="…"`), a boot entry (`multiboot2 /xen.gz …`), an EFI
 * configuration (`options=…`) or plain text. Everything before the first blank of a boot-loader line is the file
 * (host-inputs.md 5 and 9).
 */
export function findBootOptions(all, form) {
    const kept = all.filter(({ text }) => text.trim() !== "" && !text.trimStart().startsWith("#"));
    return grubDefaults(kept, form.variable) ?? bootEntries(kept, form.entry) ?? plain(kept);
}
function grubDefaults(all, variable) {
    const values = new Map();
    let first;
    for (const [i, { text, line }] of all.entries()) {
        const name = GRUB.exec(text.trimStart())?.[1] ?? "";
        if (name !== variable && name !== `${variable}_DEFAULT`)
            continue;
        first ??= line;
        let room = MAX_OPTIONS;
        const value = shellValue(all, i).replaceAll(/\$\{?GRUB_CMDLINE_[A-Z_]{1,20}\}?/g, (reference) => {
            const known = values.get(reference.replaceAll(/[${}]/g, "")) ?? "";
            room -= known.length;
            return room < 0 ? "" : known;
        });
        values.set(name, value.slice(0, MAX_OPTIONS));
    }
    if (first === undefined)
        return undefined;
    const options = [variable, `${variable}_DEFAULT`].map((name) => values.get(name) ?? "").join(" ");
    return { options: options.trim(), line: first, others: [] };
}
/** The value of a shell assignment, which may go on over lines inside its quotes. */
function shellValue(all, index) {
    let text = all[index].text.trimStart().replace(/^export[ \t]{1,8}/, "");
    for (let next = index + 1; next <= index + 16; next++) {
        const words = shellWords(text);
        if (words.closed)
            return (words.words[0] ?? "").replace(/^[^=]*=/, "");
        text += `\n${all[next]?.text ?? '"'}`;
    }
    return "";
}
function bootEntries(all, entry) {
    const found = [];
    for (const { text, line } of all) {
        const trimmed = text.trim();
        if (EFI_OPTIONS.test(trimmed))
            found.push({ options: trimmed.slice(trimmed.indexOf("=") + 1).trim(), line });
        else if (entry.test(trimmed))
            found.push({
                options: trimmed
                    .split(/[ \t]+/)
                    .slice(2)
                    .join(" "),
                line,
            });
    }
    const [first, ...rest] = found;
    if (first === undefined)
        return undefined;
    return { ...first, others: rest.filter(({ options }) => options !== first.options).map(({ line }) => line) };
}
function plain(all) {
    const words = all.flatMap(({ text }) => text.split(/[ \t]+/)).filter((word) => word !== "");
    if (FILE.test(words[0] ?? ""))
        words.shift();
    return { options: words.join(" "), line: all[0]?.line ?? 1, others: [] };
}
