/** Rooms, their floors, and what a room may import. */
import { builtinModules } from "node:module";

/** A room is a folder of src/, or a file that stands in src/ itself. Rooms on one floor do not import each other. */
const FLOORS = [
  ["address.ts", "ranges.ts"],
  ["format", "memory"],
  ["radix", "image"],
  ["xen", "kvm", "inventory"],
  ["platform"],
  ["plan", "inspect"],
  ["report"],
  ["index.ts", "cli", "cli.ts", "web"],
];
/** Files and folders that are one room together. */
const ALIASES = new Map([
  ["ranges.ts", "address.ts"],
  ["cli.ts", "cli"],
]);
const FLOOR_OF = new Map(FLOORS.flatMap((rooms, floor) => rooms.map((room) => [room, floor])));
const NODE_MODULES = new Set(builtinModules);

/** "src/xen/p2m/ept.ts" → "xen", "web/map/draw.ts" → "web". */
function roomOf(path) {
  if (path.startsWith("web/")) return "web";
  const name = path.split("/")[1];
  return ALIASES.get(name) ?? name;
}
const isNode = (name) => name.startsWith("node:") || NODE_MODULES.has(name.split("/")[0]);

function unlawful({ file, name, target }) {
  const room = roomOf(file);
  const floor = FLOOR_OF.get(room);
  if (target === null) {
    if (isNode(name) && room !== "cli") return `only src/cli may import Node's modules: ${name}`;
    if (name === "physmap" || name.startsWith("physmap/")) return `import the file, not the package: ${name}`;
    return null;
  }
  if (room === "web" && /^(?:web|examples)\//.test(target)) return null;
  if (!target.startsWith("src/")) return `src imports nothing outside src: ${name}`;
  const other = roomOf(target);
  const otherFloor = FLOOR_OF.get(other);
  // A room without a floor is reported once, by its files.
  if (floor === undefined || otherFloor === undefined || other === room || otherFloor < floor) return null;
  const where = otherFloor === floor ? "stands on the same floor" : "stands above it";
  return `${room} (floor ${floor}) may not import ${other} (floor ${otherFloor}): it ${where}`;
}

/** `{ file, line, says }` of every import that the house forbids, and of every file that has no floor. */
export const importViolations = (sources, imports) => [
  ...sources
    .filter(({ path }) => !FLOOR_OF.has(roomOf(path)))
    .map(({ path }) => ({ file: path, line: 1, says: `${roomOf(path)} has no floor: see FLOORS in rooms.mjs` })),
  ...imports.flatMap((each) => {
    const says = unlawful(each);
    return says === null ? [] : [{ file: each.file, line: each.line, says }];
  }),
];
