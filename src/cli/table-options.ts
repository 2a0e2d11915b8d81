import type { Command } from "commander";

const collect = (value: string, list: readonly string[] = []): readonly string[] => [...list, value];

/** Options of commands that read tables out of whatever holds some. */
export const addTableOptions = (command: Command): Command =>
  command
    .option(
      "--root <ROOT>",
      "a root in a memory image: [DOMAIN/][FORMAT:]ADDR[:LEVELS]; may be repeated. Default: roots are looked for",
      collect,
    )
    .option("--log <FILE>", "a log that names roots, as for physmap roots, where they are looked for")
    .option("--format <NAME>", "ept, npt, vtd or amdvi: of roots and of bare lists of entries")
    .option("--levels <N>", "levels of the tables; of a bare list of entries, their level")
    .option("--base <ADDR>", "physical address of a raw image's first byte; may be repeated", collect)
    .option("--below-4g <BYTES>", "raw RAM file of a QEMU guest: bytes of RAM below the PCI hole")
    .option("--c-bit <BIT>", "address bit that is memory encryption's and no address; may be repeated", collect);
