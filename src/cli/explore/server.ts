import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { extname, join, sep } from "node:path";
import { UsageError } from "../failure.ts";
import { reason } from "../read-file.ts";
import { judge } from "./request.ts";

/** Kinds of files that the page is made of; nothing else is handed out. */
const TYPES: ReadonlyMap<string, string> = new Map([
  [".html", "text/html; charset=utf-8"],
  [".js", "text/javascript; charset=utf-8"],
  [".css", "text/css; charset=utf-8"],
  [".svg", "image/svg+xml"],
  [".png", "image/png"],
  [".woff2", "font/woff2"],
]);

/** The page runs its own scripts and styles, and no request leaves it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "worker-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS = {
  "content-security-policy": POLICY,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;

const TOKEN_BYTES = 24;
const LARGEST_FILE = 2 ** 25;

/** A server that runs. */
export interface Running {
  /** The link to open: it holds the token. */
  readonly url: string;
  /** Stop listening, and end every connection. */
  close(): Promise<void>;
}

export interface ServeOptions {
  /** The folder of the page's files. */
  readonly root: string;
  /** What is served in place of its index.html. */
  readonly page: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** Serve the page on loopback. Throws UsageError for a port that cannot be had. */
export async function serve({ root, page, port }: ServeOptions): Promise<Running> {
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  const folder = await realpath(root);
  const server = createServer((request, response) => {
    const { port: own } = server.address() as { port: number };
    answer(request, response, { token, port: own }, folder, page).catch(() => response.destroy());
  });
  const own = await listen(server, port);
  return {
    url: `http://127.0.0.1:${own}/${token}/`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((ready, failed) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      failed(
        new UsageError(
          error.code === "EADDRINUSE"
            ? `--port ${port}: another program listens there; give another one, or leave --port out for a free one`
            : `--port ${port}: ${reason(error)}; leave --port out for a free one`,
        ),
      ),
    );
    server.listen(port, "127.0.0.1", () => ready((server.address() as { port: number }).port));
  });

async function answer(
  { method = "", url = "", headers }: IncomingMessage,
  response: ServerResponse,
  own: { token: string; port: number },
  folder: string,
  page: string,
): Promise<void> {
  const send = (
    status: number,
    type: string,
    body: string | Buffer,
    more: Readonly<Record<string, string>> = {},
  ): void => {
    const bytes = Buffer.from(body);
    response.writeHead(status, { ...HEADERS, ...more, "content-type": type, "content-length": bytes.length });
    response.end(method === "HEAD" ? undefined : bytes);
  };
  const refuse = (status: number, says: string): void =>
    send(status, "text/plain; charset=utf-8", `${says}\n`, status === 405 ? { allow: "GET, HEAD" } : {});
  const site = headers["sec-fetch-site"];
  const verdict = judge(
    {
      method,
      target: url,
      host: headers.host,
      origin: headers.origin,
      site: typeof site === "string" ? site : undefined,
    },
    own,
  );
  if ("status" in verdict) return refuse(verdict.status, verdict.says);
  const name = verdict.path.join("/");
  if (name === "" || name === "index.html") return send(200, TYPES.get(".html")!, page);
  const type = TYPES.get(extname(name));
  const bytes = type === undefined ? null : await fileIn(folder, verdict.path);
  return bytes === null || type === undefined ? refuse(404, "no such file") : send(200, type, bytes);
}

/** A regular file that lies in the folder, links followed; null otherwise. */
async function fileIn(folder: string, path: readonly string[]): Promise<Buffer | null> {
  try {
    const real = await realpath(join(folder, ...path));
    if (!real.startsWith(folder + sep)) return null;
    const file = await open(real, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    try {
      const { size } = await file.stat();
      const isFile = (await file.stat()).isFile();
      return isFile && size <= LARGEST_FILE ? await file.readFile() : null;
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}
