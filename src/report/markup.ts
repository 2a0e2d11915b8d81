/** Elements of HTML and SVG as text. Text and attribute values are escaped where they are put in, once. */

/** Text that is markup already. */
export interface Markup {
  readonly markup: string;
}

/** What stands inside of an element: text is escaped, null and false are left out. */
export type Child = Markup | string | number | null | false | readonly Child[];

export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

const EMPTY = new Set(["meta", "br", "hr", "col", "rect", "path", "line", "circle"]);

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Text that means itself in HTML, in SVG and in quoted attributes. What XML forbids (control characters, halves of
 * surrogate pairs) and what would turn the direction of the text after it is shown as U+FFFD.
 */
export const escapeText = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu, (c) =>
      c === "\n" || c === "\t" ? c : "\ufffd",
    )
    .replace(/[&<>"']/g, (c) => ENTITIES[c]!);

/** A number of a picture: two decimals do. */
const short = (n: number): string => String(Math.round(n * 100) / 100);

const attribute = ([name, value]: readonly [string, Attributes[string]]): string =>
  value === undefined || value === null || value === false
    ? ""
    : value === true
      ? ` ${name}=""`
      : ` ${name}="${typeof value === "number" ? short(value) : escapeText(value)}"`;

function content(child: Child): string {
  if (child === null || child === false) return "";
  if (typeof child === "string") return escapeText(child);
  if (typeof child === "number") return String(child);
  return "markup" in child ? child.markup : child.map(content).join("");
}

/** One element. Names of elements and attributes are ours, never foreign text. */
export function el(name: string, attributes: Attributes, ...children: readonly Child[]): Markup {
  const open = `<${name}${Object.entries(attributes).map(attribute).join("")}`;
  return { markup: EMPTY.has(name) ? `${open}/>` : `${open}>${content(children)}</${name}>` };
}

/** Our own text that must not be escaped: style sheets, a document type. */
export const verbatim = (markup: string): Markup => ({ markup });
