/** Shapes that several documents hold. */
import { bdf, code, count, list, number, object, oneOf, orNull, text } from "./words.mjs";

/** Kinds that the contract names; a document may hold more and, in later versions, others. */
const LASTING = [
  "hypercalls",
  "iterations",
  "p2mEntries",
  "iommuEntries",
  "p2mTables",
  "iommuTables",
  "m2pUpdates",
  "iotlbFlushes",
  "tlbFlushes",
];

/** A ledger: its kinds and what one unit of each is come from the model's own table. */
export const ledger = ({ ledgerKinds }) => ({
  description: "What was booked, by kind. More kinds may be added; those that are required stay.",
  type: "object",
  properties: Object.fromEntries(
    Object.entries(ledgerKinds).map(([kind, says]) => [kind, count(`Number of ${says}.`)]),
  ),
  required: LASTING,
  additionalProperties: count("Number of units of a kind that a later version has added."),
});

export const time = object("An estimated time as a range, and what the estimate was calibrated on.", {
  low: number("At least so long, in seconds.", { minimum: 0 }),
  likely: number("Likely so long, in seconds.", { minimum: 0 }),
  high: number("At most so long, in seconds.", { minimum: 0 }),
  unit: oneOf("The unit of the three numbers: seconds.", ["s"]),
  calibration: text('Name of the set of costs: "default", or that of the user\'s own log.'),
});

export const leaves = object("Number of leaf entries by size of page.", {
  "4k": count("Leaves of 4 KiB (order 0)."),
  "2m": count("Leaves of 2 MiB (order 9)."),
  "1g": count("Leaves of 1 GiB (order 18)."),
});

export const memoryType = oneOf("Memory type that the entry itself gives.", [
  "UC",
  "WC",
  "WT",
  "WP",
  "WB",
  "UC-",
  "reserved",
]);

export const owner = orNull(
  oneOf("Whose software bits the entries hold, Xen's or KVM's; null where nothing tells.", ["xen", "kvm"]),
);

export const format = ({ formats }, description) => oneOf(description, formats);

export const remark = object("A remark.", {
  code: code("Stable code of the remark."),
  says: text("The remark in words."),
});

export const device = (description) => bdf(`${description}: domain:bus:device.function.`);

export const note = object(
  "Something that was assumed, not understood, missing or contradicted in the inputs.",
  {
    kind: oneOf("What sort of note this is.", ["unread", "conflict", "assumed", "missing", "info"]),
    says: text("The note in words."),
  },
  {
    from: object(
      "Where in the inputs it was found.",
      { file: text("Name of the input.") },
      { line: count("Line of the input, counted from 1.", { minimum: 1 }) },
    ),
  },
);

export const where = object("The exact line to write, and where.", {
  where: text("What to change: a file, a command line, the host, the guest."),
  line: text("The line to write there."),
});

export const notes = list("What was assumed, and what of the inputs was not understood.", { $ref: "#/$defs/note" });
