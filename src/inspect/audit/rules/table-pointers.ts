/** Where tables stand, and how often: page-table-formats.md 10, rule 2. */
import { hex } from "../../../address.ts";
import type { Rule } from "../rule.ts";

const REFERENCE = "page-table-formats.md 10 (2)";

export const tableOutside: Rule = {
  id: "table-outside-memory",
  severity: "fault",
  says: "An entry points to a table that the memory does not hold.",
  reference: REFERENCE,
  fix: "If the image is whole, the pointer is corrupt: the hardware walks into whatever answers at that address.",
  check: ({ trees }) => trees.flatMap(({ outside }) => outside),
};

export const tableShared: Rule = {
  id: "table-shared",
  severity: "fault",
  says: "A table is reached from two entries: what is mapped through one of them appears at the other too.",
  reference: REFERENCE,
  fix: "Each table has one parent in Xen and KVM; find which of the two pointers is wrong, or whether the table was freed and used again.",
  *check({ trees }) {
    for (const { shared } of trees) yield* shared;
    const owners = new Map<number, string>();
    for (const tree of trees)
      for (const { table, base, level } of tree.visits) {
        const other = owners.get(table);
        if (other === undefined) owners.set(table, tree.name);
        // One tree under two names, such as tables that P2M and IOMMU share, or the lower part that a narrow unit walks.
        else if (other !== tree.name && !trees.some(({ tree: { root } }) => root === table))
          if (!trees.some((t) => t.name === other && t.tree.root === tree.tree.root))
            yield {
              tree,
              at: base,
              pages: 1,
              level: level + 1,
              raw: null,
              says: `the level ${level} table at ${hex(table * 4096)} belongs to ${other} as well`,
            };
      }
  },
};

export const tableCycle: Rule = {
  id: "table-cycle",
  severity: "fault",
  says: "An entry leads back to a table above it.",
  reference: REFERENCE,
  fix: "The pointer is corrupt, or a table was freed and used again: keep the image and report it.",
  check: ({ trees }) => trees.flatMap(({ cyclic }) => cyclic),
};
