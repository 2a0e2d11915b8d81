import { MAP_CSS, THEMES } from "./map-style.ts";
import { type Child, el, type Markup, verbatim } from "./markup.ts";

/*
 * The shell of a report in HTML: one file, no script, nothing from outside (its policy says so too), light and dark, narrow
 * and wide, on paper.
 */

const variables = ({ paper, ink, faint, line }: (typeof THEMES)["light" | "dark"], soft: string): string =>
  `--paper:${paper};--ink:${ink};--faint:${faint};--line:${line};--soft:${soft}`;

const CSS = `
:root{color-scheme:light dark;${variables(THEMES.light, "#eef1f3")};--bad:#a33d00;--good:#00634a;--bar:#0072b2;--band:#9fcbe6}
@media screen and (prefers-color-scheme:dark){:root{${variables(THEMES.dark, "#22272c")};--bad:#ff9d66;--good:#4fd6a9;--bar:#56b4e9;--band:#1f5878}}
*{box-sizing:border-box}
html{font:clamp(1rem,.9rem + .25vw,1.5rem)/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink)}
main,header,footer{max-inline-size:84rem;margin-inline:auto;padding-inline:clamp(1rem,3vw,3rem)}
header{padding-block:2rem .5rem}footer{padding-block:1rem 3rem;color:var(--faint);font-size:.85rem}
section{margin-block:2.5rem}
h1{font-size:1.6rem;line-height:1.25;margin:.2rem 0 .4rem}h2{font-size:1.25rem;margin:0 0 .8rem;padding-block-end:.3rem;border-block-end:1px solid var(--line)}
h3{font-size:1.05rem;margin:1.8rem 0 .6rem}
p,ul,ol,dl,figure{margin-block:0 .8rem;max-inline-size:75ch}figure{max-inline-size:none;margin-inline:0}
figcaption,.faint{color:var(--faint)}figcaption{font-size:.9rem;max-inline-size:75ch;margin-block-start:.6rem}
h1,h3,p,li,dd,pre{overflow-wrap:anywhere}td,th{overflow-wrap:break-word}
code,pre,td.mono,tbody th.mono{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.9em}
pre{margin:.3rem 0 .6rem;padding:.5rem .8rem;background:var(--soft);border-radius:.4rem;white-space:pre-wrap}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));gap:.8rem;max-inline-size:none;margin:0}
.figures div{display:flex;flex-direction:column;justify-content:space-between;background:var(--soft);border-radius:.5rem;padding:.7rem 1rem}
.figures dt{color:var(--faint);font-size:.85rem}.figures dd{margin:0;font-size:1.45rem;font-weight:600;line-height:1.3}
.figures dd small{display:block;font-size:.8rem;font-weight:400;color:var(--faint)}
.scroll{overflow-x:auto;margin-block:0 1rem}.scroll:focus-visible{outline:3px solid var(--bar);outline-offset:2px}
table{border-collapse:collapse;font-size:.9rem;min-inline-size:min(100%,36rem)}
caption{text-align:start;color:var(--faint);padding-block-end:.3rem}
th,td{padding:.35rem .9rem .35rem 0;text-align:start;vertical-align:baseline;border-block-end:1px solid var(--line)}
thead th{color:var(--faint);font-weight:500;vertical-align:bottom}tbody th{font-weight:500}
.n{text-align:end;font-variant-numeric:tabular-nums;white-space:nowrap}td.mono,th.mono{white-space:nowrap}thead .mono{font-family:inherit;font-size:1em}
.says{min-inline-size:16rem}
.bad{color:var(--bad);font-weight:600}.good{color:var(--good);font-weight:600}
.pm-map{inline-size:100%;block-size:auto;display:none}
.pm-wide{display:block}
@media (max-width:61em){.pm-wide{display:none}.pm-middle{display:block}}
@media (max-width:35em){.pm-middle{display:none}.pm-narrow{display:block}}
.bars{list-style:none;padding:0;max-inline-size:60rem}
.bars li{margin-block-end:.7rem}.bars span{display:flex;justify-content:space-between;gap:1rem}.bars b{font-weight:600;white-space:nowrap}
.bars i{display:block;position:relative;block-size:.8rem;background:var(--soft);border-radius:.2rem;overflow:hidden;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.bars i>i{position:absolute;inset-block:0;border-radius:0;background:var(--band)}.bars i>i+i{inset-block:.2rem;background:var(--bar);min-inline-size:2px}
.advice>li{margin-block-end:1.2rem}
@media print{html{font-size:10pt}section{margin-block:1.2rem}h2,h3{break-after:avoid}figure,tr,li{break-inside:avoid}
.scroll{overflow:visible}.pm-map,pre,.figures div{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** A whole document. */
export const page = (title: string, ...body: readonly Child[]): string =>
  `<!doctype html>\n${
    el(
      "html",
      { lang: "en" },
      el(
        "head",
        {},
        el("meta", { charset: "utf-8" }),
        el("meta", { "http-equiv": "Content-Security-Policy", content: POLICY }),
        el("meta", { name: "viewport", content: "width=device-width,initial-scale=1" }),
        el("meta", { name: "color-scheme", content: "light dark" }),
        el("meta", { name: "referrer", content: "no-referrer" }),
        el("title", {}, title),
        el("style", {}, verbatim(MAP_CSS + CSS)),
      ),
      el("body", {}, ...body),
    ).markup
  }\n`;

/** A section with its heading. */
export function section(id: string, title: string, ...content: readonly Child[]): Markup {
  return el("section", { "aria-labelledby": id }, el("h2", { id }, title), ...content);
}

/** A column of a table: its title, and whether it holds numbers or addresses. */
export interface HtmlColumn {
  readonly title: string;
  readonly as?: "n" | "mono" | "says";
}

/** A table that scrolls by itself where it is too wide. The first cell of a row names it. */
export function dataTable(label: string, columns: readonly HtmlColumn[], rows: readonly (readonly Child[])[]): Markup {
  const head = el(
    "tr",
    {},
    columns.map(({ title, as }) => el("th", { scope: "col", class: as }, title)),
  );
  const body = rows.map((cells) =>
    el(
      "tr",
      {},
      cells.map((cell, i) => el(i === 0 ? "th" : "td", { scope: i === 0 ? "row" : null, class: columns[i]?.as }, cell)),
    ),
  );
  return el(
    "div",
    { class: "scroll", role: "region", "aria-label": label, tabindex: 0 },
    el("table", {}, el("thead", {}, head), el("tbody", {}, body)),
  );
}

/** A list of bars: what it is, how much in words, and the bars as parts of the whole (0 to 1). */
export interface Bar {
  readonly name: Child;
  readonly value: string;
  /** From, to: of the range, and of what is likely. */
  readonly band: readonly [number, number];
  readonly likely: number;
}

/** Bars under each other, to one scale. What they show is said in words too. */
export function bars(list: readonly Bar[]): Markup {
  const percent = (part: number): string => `${Math.round(1000 * Math.min(1, Math.max(0, part))) / 10}%`;
  return el(
    "ul",
    { class: "bars" },
    list.map(({ name, value, band: [from, to], likely }) =>
      el(
        "li",
        {},
        el("span", {}, el("span", {}, name), el("b", {}, value)),
        el(
          "i",
          { "aria-hidden": "true" },
          el("i", { style: `inset-inline-start:${percent(from)};inline-size:${percent(to - from)}` }),
          el("i", { style: `inset-inline-start:0;inline-size:${percent(likely)}` }),
        ),
      ),
    ),
  );
}
