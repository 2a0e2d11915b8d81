/** The library's own tables that schemas are made from. */
export interface Facts {
  readonly ledgerKinds: Readonly<Record<string, string>>;
  readonly reasons: readonly string[];
  readonly platformCodes: readonly string[];
  readonly formats: readonly string[];
  /** Valibot's schemas of the documents that are read. */
  readonly scriptSchema: unknown;
  readonly collectSchema: unknown;
  readonly calibrationSchema: unknown;
  readonly batchHostSchema: unknown;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

export function makeSchemas(facts: Facts): Readonly<Record<string, JsonSchema>>;
export function textOf(schema: JsonSchema): string;
