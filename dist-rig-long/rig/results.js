import { errorName } from "./errno.js";
/** Reads the payload's text: fields by the line's tag. A line cut short (the payload is in the middle of it) counts. */
export function parseText(text) {
    const lines = new Map();
    for (const line of text.split("\n")) {
        const [tag, ...words] = line.split(" ");
        if (tag === undefined || !/^[0-9a-f]{1,8}$/.test(tag))
            continue;
        const fields = new Map();
        let prefix = "";
        for (const word of words) {
            const at = word.indexOf("=");
            if (at < 0)
                prefix = `${word}.`;
            // Whether the domain crashed is said once, after the undo.
            else
                fields.set(word.startsWith("crashed=") ? "crashed" : prefix + word.slice(0, at), word.slice(at + 1));
        }
        lines.set(Number.parseInt(tag, 16), fields);
    }
    return lines;
}
function numberOf(fields, key) {
    const value = Number(fields.get(key));
    if (!fields.has(key) || !Number.isFinite(value))
        throw new Error(`the payload's answer lacks ${key}: ${JSON.stringify([...fields])}`);
    return value;
}
const callsOf = (fields, prefix = "") => ({
    pagesDone: numberOf(fields, `${prefix}done`),
    hypercalls: numberOf(fields, `${prefix}calls`),
    firstReturn: numberOf(fields, `${prefix}first`),
    lastReturn: numberOf(fields, `${prefix}last`),
});
const outcome = (result) => result < 0 ? { result, error: errorName(result) } : { result };
/** The result of an operation from the payload's line. Throws when the line lacks a field: a fault of the rig's. */
export function operationResult(operation, fields) {
    const refused = fields.get("error");
    if (refused !== undefined)
        throw new Error(`the payload did not understand ${JSON.stringify(operation)}: ${refused}`);
    const result = numberOf(fields, "ret");
    const crashed = fields.has("crashed") ? { crashed: true } : {};
    const cycles = fields.has("cycles") ? { cycles: numberOf(fields, "cycles") } : {};
    if (operation.op === "populate" || operation.op === "decrease_reservation") {
        const done = numberOf(fields, "done");
        const extents = operation.op === "populate" ? { populated: done } : { released: done };
        return { ...outcome(Math.min(result, 0)), ...extents, ...crashed };
    }
    if (operation.op !== "memory_mapping" || operation.raw)
        return { ...outcome(result), ...cycles, ...crashed };
    const undo = fields.has("undo.ret")
        ? { undo: { result: numberOf(fields, "undo.ret"), ...callsOf(fields, "undo.") } }
        : {};
    return { ...outcome(result), ...callsOf(fields), ...undo, ...crashed, ...cycles };
}
export function domainResult(id, fields) {
    const step = fields.get("step");
    return {
        id,
        ...outcome(numberOf(fields, "ret")),
        ...(step === undefined ? {} : { step }),
        xenId: numberOf(fields, "id"),
    };
}
