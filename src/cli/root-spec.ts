import type { Format } from "../format/format.ts";
import { formatByName } from "../format/index.ts";
import { UsageError } from "./failure.ts";

/** A root of page tables as the user gives it. */
export interface RootSpec {
  readonly domain: number | null;
  readonly format: Format;
  /** Byte address, a multiple of 4096. */
  readonly address: number;
  readonly levels: number;
}

const SPEC = /^(?:(\d{1,5})\/)?(?:([a-z]{2,8}):)?(0x[0-9a-f]{1,13})(?::(\d))?$/i;

/** `[DOMAIN/][FORMAT:]ADDR[:LEVELS]`, such as 1/ept:0x1f9f9000:4. Throws UsageError. */
export function parseRoot(text: string, given: { readonly format?: string; readonly levels?: string }): RootSpec {
  const match = SPEC.exec(text);
  if (!match)
    throw new UsageError(`--root ${text}: expected [DOMAIN/][FORMAT:]ADDR[:LEVELS], such as 1/ept:0x1f9f9000:4`);
  const [, domain, ownFormat, address, ownLevels] = match;
  const name = ownFormat ?? given.format;
  if (name === undefined) throw new UsageError(`--root ${text}: of which format? --format ept, npt, vtd or amdvi`);
  const format = formatByName(name.toLowerCase());
  if (!format) throw new UsageError(`${name}: expected a format of ept, npt, vtd or amdvi`);
  const levels = Number(ownLevels ?? given.levels ?? 4);
  if (!Number.isInteger(levels) || levels < format.minLevels || levels > format.maxLevels)
    throw new UsageError(`--root ${text}: ${format.name} has ${format.minLevels} to ${format.maxLevels} levels`);
  const at = Number(address);
  if (at % 4096 !== 0) throw new UsageError(`--root ${text}: the address is not a multiple of 0x1000`);
  return { domain: domain === undefined ? null : Number(domain), format, address: at, levels };
}
