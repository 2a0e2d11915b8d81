/** What the page is opened with: texts by name, and scenario keys by the names that `--with` takes. */
export interface PageInputs {
  readonly inputs: readonly { readonly name: string; readonly text: string; readonly kind?: string }[];
  readonly keys: Readonly<Record<string, string | readonly string[]>>;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/** JSON that is the same in a script element as by itself: nothing in it can end the element. */
const scriptJson = (value: unknown): string => JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (c) => ESCAPES[c]!);

/**
 * The explorer's page with its inputs in a block of data, which the browser never runs: the page asks the network for
 * nothing. Returns null for a page without a head.
 */
export function pageWith(html: string, inputs: PageInputs): string | null {
  const at = html.indexOf("</head>");
  if (at < 0) return null;
  const block = `<script type="application/json" id="physmap-inputs">${scriptJson(inputs)}</script>`;
  return html.slice(0, at) + block + html.slice(at);
}
