import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type PageInputs, pageWith } from "../../src/cli/explore/page.ts";
import { type Running, serve } from "../../src/cli/explore/server.ts";

const ROOT = fileURLToPath(new URL("../../dist/web/", import.meta.url));

/** The built page as `physmap explore` serves it, with what it was given. */
export async function servePage(given?: PageInputs): Promise<Running> {
  const html = readFileSync(`${ROOT}index.html`, "utf8");
  const page = given ? pageWith(html, given) : html;
  if (page === null) throw new Error("the page has no head");
  return serve({ root: ROOT, page, port: 0 });
}
