/** What the hypervisor prints when dom0 or itself is lost. */
const LOST = [
    "Panic on CPU",
    "Hardware Dom0 crashed",
    "Hardware Dom0 halted",
    "Domain 0 crashed",
    "FATAL TRAP",
    "physmap-rig: no script",
];
/** The line of a console log that tells that the payload is lost. */
export const lostLine = (log) => log.split("\n").find((line) => LOST.some((words) => line.includes(words)));
/** The last lines of a log, for an error message. */
export const tail = (log, lines = 12) => log.trimEnd().split("\n").slice(-lines).join("\n");
