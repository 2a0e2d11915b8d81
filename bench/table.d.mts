/** The page with its table replaced by that of the results. Throws Error when the page has no place for it. */
export function withTable(page: string, results: unknown): string;
