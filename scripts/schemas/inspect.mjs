/** The documents of page tables as they are found: roots, audit, diff, walk. */
import * as shared from "./shared.mjs";
import { access, LEVEL, step, treeProperties } from "./tables.mjs";
import {
  code,
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

const WHAT = ["p2m", "iommu"];
const SEVERITIES = ["fault", "risk", "waste", "note"];
const ORDER = { minimum: 0, maximum: 52 };
const domain = (description) => orNull(count(description, { maximum: 65535 }));
const what = oneOf("Whether it is a P2M or what an IOMMU walks.", WHAT);
const notes = (description) => list(description, text("A sentence."));

export const rootsSchema = (facts) =>
  documentOf("roots", "Page-table roots of a memory image, best first.", {
    image: object("The image.", {
      container: text("What it is: raw image, ELF core, …"),
      frames: count("Frames of 4 KiB that it holds."),
      end: hex("Byte address after the last of them."),
    }),
    roots: list(
      "Roots: those that something names first, then by score.",
      object("A root.", {
        root: hex("Machine byte address of the root table."),
        format: shared.format(facts, "Format of the page tables."),
        levels: integer("Level of the root table; level 1 holds 4 KiB leaves.", LEVEL),
        domain: domain(
          "The domain as the evidence numbers it: the hypervisor's number, or VT-d's own; null: not told.",
        ),
        score: number("0 to 1: how much of what was looked at is as a hypervisor writes it.", {
          minimum: 0,
          maximum: 1,
        }),
        tables: count("Tables that were looked at below it."),
        leaves: count("Leaves that they hold."),
        empty: count("Tables without an entry."),
        bad: count("Entries that no hypervisor writes, and pointers that leave the image."),
        sampled: flag("Not all tables were looked at: the counts are lower bounds."),
        also: list("Formats in which the frame makes sense as well.", shared.format(facts, "A format.")),
        evidence: list(
          "What speaks for it.",
          object("A piece of evidence.", {
            from: oneOf("Where it was found.", ["given", "log", "vmcb", "vtd-context", "device-table", "content"]),
            says: text("What it says, in words."),
          }),
          { minItems: 1 },
        ),
      }),
    ),
    notes: notes("What was noticed about the image, and what was not looked at."),
  });

const severity = oneOf(
  "fault: hardware faults on it, or something is reached that must not be; risk: not as meant; waste: could be cheaper; note: nothing to mend.",
  SEVERITIES,
);

export const auditSchema = (facts) =>
  documentOf("audit", "What rules find in page tables.", {
    trees: list(
      "What was looked at.",
      object("A tree.", {
        name: text("What findings call it."),
        domain: domain("Number of its domain, 0 being the hardware domain; null where it is not known."),
        what,
        format: shared.format(facts, "Format of the page tables."),
        root: hex("Machine byte address of the root table."),
        levels: integer("Level of the root table; level 1 holds 4 KiB leaves.", LEVEL),
        tables: count("Tables that were reached."),
        owner: shared.owner,
        evidence: list("Why it is taken for a tree, and for whose; empty where it was given.", text("A clause.")),
      }),
    ),
    counts: object(
      "Number of findings by severity, those included that are not listed.",
      Object.fromEntries(SEVERITIES.map((each) => [each, count(`Findings of severity ${each}.`)])),
    ),
    rules: list(
      "Rules that apply, worst first.",
      object("A rule.", {
        id: code("Its stable name."),
        severity,
        says: text("What is wrong, in one sentence."),
        reference: text("What it rests on."),
        fix: text("What to do about it."),
        findings: count("How often it applies."),
      }),
    ),
    findings: list(
      "The first hundred places of each rule.",
      object("A place.", {
        rule: code("Name of the rule."),
        severity,
        tree: text("Name of the tree."),
        at: hex("First input byte address concerned."),
        pages: count("Length, in 4 KiB pages."),
        level: orNull(
          integer("Level of the entry's table; one above the root's for the pointer to the root.", {
            minimum: 1,
            maximum: 7,
          }),
        ),
        entry: orNull(raw("The entry, without its address where it stands for a run; null where it is not one entry.")),
        says: text("What is found here, in words."),
      }),
    ),
    notes: notes("What was not looked at, and why."),
  });

const told = {
  present: flag("Whether it maps something; false for what software keeps in entries that are not present."),
  maps: orNull(hex("Byte address that the range leads to; null where none is told.")),
  order: orNull(integer("log2 of the 4 KiB pages of one leaf; null where it is not told.", ORDER)),
  entries: count("Number of entries."),
  access: orNull(access("Rights; null where they are not told.")),
  memoryType: orNull(text("Memory type; null where it is not told.")),
  type: orNull(text("Xen's P2M type; null where it is not told.")),
  flags: orNull(raw("All bits of the entries but address and bookkeeping; null where they are not told.")),
};

const diffRun = (description) => orNull(object(description, told));

export const dumpsSchema = (facts) =>
  documentOf("dumps", "What a pasted text tells of page tables; null where it does not tell.", {
    dumps: list(
      "Tables that the text shows.",
      object("A dump.", {
        name: text("What it is called."),
        dialect: code("Who printed it."),
        domain: domain("Number of the domain."),
        what,
        format: orNull(shared.format(facts, "Format of the page tables.")),
        leaves: orNull(shared.leaves),
        runs: list(
          "What is mapped, in ascending order.",
          object("A run.", {
            start: hex("First byte address."),
            end: hex("Last byte address, inclusive."),
            ...told,
          }),
        ),
      }),
    ),
    notes: list(
      "What of the text was not understood.",
      object("A note.", {
        line: orNull(count("Line of the text, counted from 1.", { minimum: 1 })),
        says: text("The note in words."),
      }),
    ),
  });

const names = (description) => list(description, text("Name of a tree or a dump."));

export const diffSchema = () =>
  documentOf(
    "diff",
    "Two sets of page tables, range by range.",
    {
      pairs: list(
        "Tables that were compared.",
        object("A pair.", {
          left: text("Name of the left one."),
          right: text("Name of the right one."),
          differences: count("Number of ranges in which they differ."),
          ranges: list(
            "The first thousand of them, in ascending order.",
            object("A range.", {
              start: hex("First byte address."),
              end: hex("Last byte address, inclusive."),
              left: diffRun("What the left one says of it; null: nothing is there."),
              right: diffRun("What the right one says of it; null: nothing is there."),
            }),
          ),
          leaves: orNull(
            object("Leaves by size, where one of them tells nothing else; null otherwise.", {
              left: ref("Of the left one.", "leaves"),
              right: ref("Of the right one.", "leaves"),
            }),
          ),
        }),
      ),
      only: object("Tables without a counterpart.", { left: names("On the left."), right: names("On the right.") }),
      notes: notes("What was not looked at, and why."),
    },
    { defs: { leaves: shared.leaves } },
  );

export const walkSchema = (facts) =>
  documentOf(
    "walk",
    "The way of one frame through page tables that were found.",
    {
      gfn: hex("The frame number."),
      address: hex("Its byte address."),
      trees: list(
        "The way through each tree.",
        object("A tree.", { name: text("Name of the tree."), what, ...treeProperties(facts) }),
      ),
      dumps: list(
        "What each text dump tells of the frame.",
        object("A dump.", {
          name: text("Title of the dump."),
          what,
          maps: orNull(hex("Byte address that the frame leads to; null where it leads nowhere that the text tells.")),
          order: orNull(integer("log2 of the 4 KiB pages that the leaf maps; null where it is not told.", ORDER)),
          access: orNull(access("Rights; null where they are not told.")),
          memoryType: orNull(text("Memory type; null where it is not told.")),
          type: orNull(text("Xen's P2M type; null where it is not told.")),
        }),
      ),
    },
    { defs: { step } },
  );
