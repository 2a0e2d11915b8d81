import type { FormatName } from "../format/format.ts";

/** Where a root was learnt from. */
export type RootSource = "given" | "log" | "vmcb" | "vtd-context" | "device-table" | "content";

/** Something that names a root. */
export interface RootHint {
  readonly format: FormatName;
  /** Frame number. */
  readonly root: number;
  /** Left out where the source does not tell. */
  readonly levels?: number;
  readonly domain?: number;
  readonly from: RootSource;
  /** One clause for people. */
  readonly says: string;
}
