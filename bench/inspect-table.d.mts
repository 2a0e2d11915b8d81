/** What the runs measured, as bench/inspect.json and bench/fuzz.json hold it. Throws Error where one is missing. */
export function readResults(): { readonly inspect: unknown; readonly fuzz: { readonly cases: number } };
/** The page with its tables replaced by those of the results. Throws Error when the page has no place for one. */
export function withTables(page: string, results: { readonly inspect: unknown; readonly fuzz: unknown }): string;
