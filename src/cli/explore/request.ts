import { timingSafeEqual } from "node:crypto";

/** What a request says, as it came in. */
export interface Asked {
  readonly method: string;
  /** The request target, undecoded. */
  readonly target: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`: where the browser says that the request comes from. */
  readonly site: string | undefined;
}

/** The path that may be looked for, in decoded names below the folder; or why not. */
export type Verdict =
  | { readonly path: readonly string[] }
  | { readonly status: 400 | 403 | 404 | 405; readonly says: string };

const no = (status: 400 | 403 | 404 | 405, says: string): Verdict => ({ status, says });

const LONGEST_TARGET = 2048;

/** Compared in a time that does not tell how much of it is right. */
function sameToken(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * Judge a request to a server on loopback. Only this machine's own name counts as Host, which a name that was turned to
 * loopback (DNS rebinding) is not; another page's Origin is refused; and every path begins with the token of the link
 * that was opened, which no other page knows.
 */
export function judge(asked: Asked, { token, port }: { readonly token: string; readonly port: number }): Verdict {
  const { method, target, host, origin, site } = asked;
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`, ...(port === 80 ? ["127.0.0.1", "localhost"] : [])];
  if (host === undefined || !hosts.includes(host.toLowerCase())) return no(403, "another host's name");
  if (origin !== undefined && !hosts.some((name) => origin.toLowerCase() === `http://${name}`))
    return no(403, "a request of another page");
  if (site !== undefined && site !== "same-origin" && site !== "none") return no(403, "a request of another page");
  if (method !== "GET" && method !== "HEAD") return no(405, "only GET and HEAD");
  if (target.length > LONGEST_TARGET || !target.startsWith("/")) return no(400, "no path");
  const [given = "", ...rest] = target.slice(1).split("?", 1)[0]!.split("/");
  if (!sameToken(given, token)) return no(403, "without the token of the link that was printed");
  const path = rest.map(decoded);
  // Of the names, only the last may be empty: the folder itself.
  if (path.length === 0 || path.some((name, i) => !isName(name) && !(name === "" && i === path.length - 1)))
    return no(404, "no such file");
  return { path: path as string[] };
}

function decoded(name: string): string | null {
  try {
    return decodeURIComponent(name);
  } catch {
    return null;
  }
}

/** A plain name: no way up, no hidden file, nothing that any system takes for a separator or a drive. */
const isName = (name: string | null): boolean => name !== null && /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}$/.test(name);
