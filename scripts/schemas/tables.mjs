/** The documents that show page tables: tables, run, why, snapshot. */
import { scenario } from "./plan.mjs";
import * as shared from "./shared.mjs";
import {
  code,
  constant,
  count,
  documentOf,
  flag,
  hex,
  integer,
  list,
  number,
  object,
  oneOf,
  orNull,
  raw,
  ref,
  text,
} from "./words.mjs";

export const LEVEL = { minimum: 1, maximum: 6 };
export const access = (description) => text(description, { pattern: "^[r-][w-][x-]?$" });

const run = object("A longest stretch of leaves that go on in the same way.", {
  start: hex("First byte address."),
  end: hex("Last byte address, inclusive."),
  maps: orNull(hex("Byte address that the first one leads to; null for entries that are not present but not zero.")),
  order: integer("log2 of the 4 KiB pages that one leaf maps: 0 is 4 KiB, 9 is 2 MiB, 18 is 1 GiB.", {
    minimum: 0,
    maximum: 52,
  }),
  entries: count("Number of leaf entries."),
  level: integer("Level of the table that holds the entries; level 1 holds 4 KiB leaves.", LEVEL),
  access: access('Rights: "rwx", "r-x"; formats without an execute right print "rw-" or "r--".'),
  memoryType: orNull(shared.memoryType),
  type: orNull(text("Xen's P2M type that the entries hold; null in formats without one, and in KVM's tables.")),
  flags: raw("All bits of an entry but its address and bookkeeping (contiguity markers, accessed, dirty)."),
  software: list(
    "What software keeps in bits that hardware ignores, as far as it is known.",
    text("One clause a field."),
  ),
  faults: list("What the hardware would fault on.", text("A clause.")),
});

const problem = object("Something that could not be read, or is malformed.", {
  at: hex("Byte address at which what it concerns begins."),
  code: code("Stable code of the problem."),
  says: text("The problem in words, with the raw entry."),
});

const tablesProperties = (facts) => ({
  format: shared.format(facts, "Format of the page tables."),
  root: hex("Machine byte address of the root table."),
  levels: integer("Level of the root table; level 1 holds 4 KiB leaves.", LEVEL),
  owner: shared.owner,
  tables: {
    description: "Number of tables by level, the root's first. A table with several parents counts once for each.",
    type: "object",
    propertyNames: { pattern: "^[1-6]$" },
    additionalProperties: count("Number of tables of this level."),
  },
  leaves: ref("Number of leaves by size.", "leaves"),
  runs: list("What the tables map, in ascending order.", run),
  problems: list("What could not be read, or is malformed; reading went on past it.", problem),
});

export const tablesSchema = (facts) =>
  documentOf("tables", "What one tree of page tables maps.", tablesProperties(facts), {
    defs: { leaves: shared.leaves },
  });

const done = {
  result: integer("0, or the negative error number of the hypercall that failed.", { maximum: 0 }),
  pagesDone: count("4 KiB pages that were done before it ended."),
  hypercalls: count("Mapping hypercalls that were made."),
  firstReturn: orNull(integer("Return of the first hypercall: 0, pages done, or an error; null when none was made.")),
  lastReturn: orNull(integer("Return of the last hypercall; null when none was made.")),
};

const crashed = { crashed: constant("The hypervisor crashed the domain in this operation.", true) };
const operation = {
  description: "Result of one operation of the script.",
  anyOf: [
    object(
      "Of an operation that succeeds or fails as a whole, or a mapping.",
      {
        result: integer("0, a negative error number, or for a single domctl the positive count of 4 KiB pages done."),
      },
      {
        error: text('Name of the error, such as "-EPERM"; absent when there was none.', { pattern: "^-[A-Z0-9]+$" }),
        pagesDone: done.pagesDone,
        hypercalls: done.hypercalls,
        firstReturn: done.firstReturn,
        lastReturn: done.lastReturn,
        undo: object("The removal of the whole range that followed a failed mapping.", done),
        ...crashed,
      },
    ),
    object(
      "Of populate.",
      {
        result: constant("Always 0: populate cannot fail as a whole.", 0),
        populated: count("Extents that were populated."),
      },
      crashed,
    ),
    object(
      "Of map_foreign.",
      { result: integer("0, or the first negative error number."), mapped: count("Pages mapped before it.") },
      {
        error: text('Name of the error, such as "-EPERM"; absent when there was none.', { pattern: "^-[A-Z0-9]+$" }),
        ...crashed,
      },
    ),
    object(
      "Of decrease_reservation.",
      { result: constant("Always 0, as for populate.", 0), decreased: count("Extents that were given back.") },
      crashed,
    ),
  ],
};

export function runSchema(facts) {
  const { $schema, $id, $defs, ...tables } = tablesSchema(facts);
  return documentOf(
    "run",
    "What an operation script did on the model.",
    {
      xen: text("Xen release that was modelled."),
      domains: list(
        "The script's domains as they are at its end.",
        object("One domain.", {
          id: count("Number of the domain.", { maximum: 65535 }),
          p2m: ref("The P2M; for a PV guest an empty tree.", "tables"),
          iommu: orNull(ref("The IOMMU's own tables; null where it shares the P2M or there is none.", "tables")),
          ledger: ref("What the whole script cost this domain.", "ledger"),
          pool: object("The paging pool, in 4 KiB pages.", {
            pages: orNull(number("All of it, in pages; null when it has no limit.", { minimum: 0 })),
            used: count("What is used of it, in pages."),
          }),
          crashed: flag("The hypervisor crashed it."),
          log: list("What the hypervisor would have logged.", text("A line."), { maxItems: 1000 }),
        }),
      ),
      operations: list("Result of each operation, in the script's order.", operation),
    },
    { defs: { tables, ...$defs, ledger: shared.ledger(facts) } },
  );
}

export const step = object("One entry on the way.", {
  level: integer("Level of the table that holds it; level 1 holds 4 KiB leaves.", LEVEL),
  name: text('The vendor\'s name of the entry: "PML4E", "PDE", …'),
  table: hex("Machine byte address of the table."),
  index: integer("Number of the entry in its table.", { minimum: 0, maximum: 511 }),
  raw: raw("The entry itself."),
  kind: oneOf("What the entry is to a walker.", ["empty", "leaf", "table", "software", "fault"]),
  access: access("Rights that this entry grants."),
  memoryType: orNull(shared.memoryType),
  fields: list(
    "Every field of the entry, from bit 63 down.",
    object("A field.", {
      bits: text("Its bits: hi:lo, or one bit.", { pattern: "^[0-9]{1,2}(:[0-9]{1,2})?$" }),
      name: text("Its name."),
      value: text("Its value, not shifted."),
      says: text("What this value means."),
    }),
  ),
  faults: list(
    "What the hardware would fault on.",
    object("A fault.", { code: code("Stable code of the fault."), says: text("The fault in words.") }),
  ),
});

export const treeProperties = (facts) => ({
  format: shared.format(facts, "Format of the page tables."),
  root: hex("Machine byte address of the root table."),
  steps: list("The entries from the root to where the walk ends.", ref("An entry.", "step")),
  maps: orNull(hex("Machine byte address that the frame leads to; null where it leads nowhere.")),
  order: orNull(integer("log2 of the 4 KiB pages that the leaf maps.", { minimum: 0, maximum: 52 })),
  absent: orNull(text("The table that the memory lacks, and why, where that ended the walk; null where it did not.")),
});

export function whySchema(facts) {
  const iommu = object("The way through the IOMMU's own tables.", treeProperties(facts));
  return documentOf(
    "why",
    "The way from one guest frame to its machine frame, and the rules behind it.",
    {
      scenario: { ...scenario, description: "The scenario that was carried out." },
      notes: shared.notes,
      gfn: hex("The guest frame number."),
      address: hex("Its guest byte address."),
      bar: orNull(
        object("The BAR that it belongs to; null for RAM and where nothing is.", {
          bdf: shared.device("The BAR's device"),
          index: integer("Number of the BAR.", { minimum: 0, maximum: 6 }),
          offset: hex("Offset of the frame from the page in which the BAR begins, in bytes."),
        }),
      ),
      p2m: object("The way through the P2M.", {
        ...treeProperties(facts),
        type: text("Xen's type of the frame, as the P2M look-up reports it."),
        access: text("Xen's access right of the frame, as the P2M look-up reports it."),
      }),
      iommu: {
        description:
          'The way through the IOMMU\'s tables; "shared" where it walks the P2M; null without an IOMMU context.',
        anyOf: [iommu, { const: "shared" }, { type: "null" }],
      },
      rules: list(
        "The rules that put the frame there: place, cut, order.",
        object("A rule.", {
          code: code("Code of the rule."),
          says: text("The rule in words."),
          change: orNull(text("What would change it; null when nothing in the user's hands does.")),
        }),
      ),
    },
    { defs: { step, note: shared.note } },
  );
}

const WORD = "^0x[0-9a-fA-F]{1,16}$";
const STEP = "^-?0x[0-9a-fA-F]{1,16}$";
const INDEX = "(?:[0-9]|[1-9][0-9]|[1-4][0-9]{2}|50[0-9]|51[01])";

export const snapshotSchema = (facts) =>
  documentOf("snapshot", "Page tables as they are, bit by bit.", {
    source: { description: "Where they were taken: free form.", type: "object", additionalProperties: true },
    roots: list(
      "The trees.",
      object("One tree.", {
        domain: count("Number of the domain that it belongs to."),
        what: oneOf("Whether it is the domain's P2M or its IOMMU tables.", ["p2m", "iommu"]),
        format: shared.format(facts, "Format of the page tables."),
        root: text("Machine byte address of the root table, a multiple of 4096.", { pattern: "^0x[0-9a-fA-F]{1,13}$" }),
        levels: integer("Level of the root table; level 1 holds 4 KiB leaves.", LEVEL),
      }),
    ),
    frames: {
      description: "The tables' frames by machine frame number. Frames that are left out are missing, not zero.",
      type: "object",
      propertyNames: { pattern: "^0x[0-9a-fA-F]{1,13}$" },
      additionalProperties: {
        description: "Entries of one frame, 512 of 8 bytes, by index. Those that are left out are zero.",
        type: "object",
        patternProperties: {
          [`^${INDEX}$`]: text("One entry.", { pattern: WORD }),
          [`^${INDEX}-${INDEX}$`]: {
            description: "Entries in arithmetic progression modulo 2^64, from the first index to the last.",
            type: "array",
            prefixItems: [
              text("The first entry.", { pattern: WORD }),
              text("What each adds to the one before; may be negative.", { pattern: STEP }),
            ],
            minItems: 2,
            maxItems: 2,
            items: false,
          },
        },
        additionalProperties: false,
      },
    },
  });
