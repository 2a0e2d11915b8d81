import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { openBrowser } from "../../src/cli/explore/browser.ts";
import { readPageInputs } from "../../src/cli/explore/inputs.ts";
import { pageWith } from "../../src/cli/explore/page.ts";
import { type Running, serve } from "../../src/cli/explore/server.ts";
import { readInputs } from "../../src/inventory/index.ts";
import { GPU, lspci } from "../plan/samples.ts";
import { faultsOf } from "../schemas/helpers.ts";
import { folder, physmap } from "./helpers.ts";

const page = folder({ "index.html": "<!doctype html><head><title>x</title></head><body></body>", "app.js": "1;" });
const outside = folder({ "secret.js": "secret" });
const given = folder({
  "lspci.txt": lspci([GPU]),
  "notes.md": "# not an input",
  ".hidden": "not an input",
  "memory.elf": new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]),
});
mkdirSync(join(page.path, "assets"));
writeFileSync(join(page.path, "assets", "style.css"), "p{}");
writeFileSync(join(page.path, "assets", "data.bin"), "x");
symlinkSync(join(outside.path, "secret.js"), join(page.path, "assets", "link.js"));
symlinkSync(outside.path, join(page.path, "away"));
symlinkSync(join(page.path, "app.js"), join(page.path, "inside.js"));
mkdirSync(join(page.path, "folder.js"));
afterAll(() => {
  for (const { remove } of [page, outside, given]) remove();
});

const running: Running[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});
async function start(port = 0): Promise<Running> {
  const server = await serve({ root: page.path, page: "THE PAGE", port });
  running.push(server);
  return server;
}

/** A request as it goes over the wire: no client tidies its path or its headers. */
const raw = (url: string, lines: readonly string[]): Promise<string> =>
  new Promise((done, failed) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    let text = "";
    socket.on("data", (data) => {
      text += data.toString("latin1");
    });
    socket.on("error", failed);
    socket.on("close", () => done(text));
    socket.write(`${[...lines, "connection: close"].join("\r\n")}\r\n\r\n`);
  });

describe("the explorer's server", () => {
  it("hands out its page and its files, with headers that let nothing in or out", async () => {
    const { url } = await start();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[A-Za-z0-9_-]{32}\/$/);
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([200, "THE PAGE"]);
    const { headers } = answer;
    expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
    for (const rule of ["default-src 'none'", "script-src 'self'", "connect-src 'none'", "frame-ancestors 'none'"])
      expect(headers.get("content-security-policy")).toContain(rule);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("access-control-allow-origin")).toBeNull();
    const css = await fetch(`${url}assets/style.css`);
    expect([css.status, css.headers.get("content-type"), await css.text()]).toEqual([
      200,
      "text/css; charset=utf-8",
      "p{}",
    ]);
    expect(await (await fetch(`${url}inside.js`)).text()).toBe("1;");
    const head = await fetch(url, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "8", ""]);
  });

  it.each([
    ["assets/link.js", "a link that leads out"],
    ["away/secret.js", "a folder that leads out"],
    ["assets/data.bin", "a kind of file that no page is made of"],
    ["folder.js", "a folder"],
    ["assets/", "a folder's own path"],
    ["none.js", "nothing"],
  ])("does not hand out %s: %s", async (path) => {
    const { url } = await start();
    const answer = await fetch(`${url}${path}`);
    expect([answer.status, await answer.text()]).toEqual([404, "no such file\n"]);
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
  });

  it("refuses what only a broken or a hostile client sends", async () => {
    const { url } = await start();
    const { host, pathname } = new URL(url);
    const get = (path: string, ...more: string[]) =>
      raw(url, [`GET ${path} HTTP/1.1`, ...(more.length > 0 ? more : [`host: ${host}`])]);
    expect(await get(`${pathname}../../../etc/passwd`)).toMatch(/^HTTP\/1.1 404 /);
    expect(await get(`${pathname}..%2f..%2f..%2fetc%2fpasswd`)).toMatch(/^HTTP\/1.1 404 /);
    expect(await get(pathname, "host: evil.example")).toMatch(/^HTTP\/1.1 403 /);
    expect(await get(pathname, `host: ${host}`, "origin: http://evil.example")).toMatch(/^HTTP\/1.1 403 /);
    expect(await get(pathname, `host: ${host}`, "sec-fetch-site: cross-site")).toMatch(/^HTTP\/1.1 403 /);
    expect(await get("/")).toMatch(/^HTTP\/1.1 403 /);
    expect(await get(`http://${host}${pathname}`)).toMatch(/^HTTP\/1.1 400 /);
    expect(await raw(url, [`GET ${pathname} HTTP/1.0`])).toMatch(/^HTTP\/1.1 403 /);
    expect(await raw(url, [`POST ${pathname} HTTP/1.1`, `host: ${host}`, "content-length: 0"])).toMatch(
      /^HTTP\/1.1 405 [\s\S]*allow: GET, HEAD/,
    );
    expect(await get(pathname)).toMatch(/^HTTP\/1.1 200 /);
  });

  it("has a token of its own each time", async () => {
    const [a, b] = [await start(), await start()];
    expect(new URL(a.url).pathname).not.toBe(new URL(b.url).pathname);
    expect((await fetch(new URL(new URL(a.url).pathname, b.url))).status).toBe(403);
  });

  it("listens on loopback alone, and ends its connections when it stops", async () => {
    const server = await start();
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    await new Promise((done) => socket.once("connect", done));
    expect(socket.remoteAddress).toBe("127.0.0.1");
    const closed = new Promise((done) => socket.once("close", done));
    await server.close();
    await closed;
    await expect(fetch(server.url)).rejects.toThrow();
  });
});

describe("the page's inputs", () => {
  it("stand in a block of data that no text can end", () => {
    const hostile = `</script><script>alert(1)</script><!--\u2028&amp;`;
    const inputs = { inputs: [{ name: hostile, text: hostile }], keys: { cmdline: hostile, device: ["82:00.0"] } };
    const html = pageWith("<head></head><body></body>", inputs)!;
    const [, json] = /<script type="application\/json" id="physmap-inputs">([^<>&]*)<\/script><\/head>/.exec(html)!;
    expect(JSON.parse(json!)).toEqual(inputs);
    expect(html.match(/<\/script>/g)).toHaveLength(1);
    expect(pageWith("no head", inputs)).toBeNull();
  });

  it("are texts; images are left for the page, hidden files and Markdown for nobody", async () => {
    const { texts, left } = await readPageInputs([given.path]);
    expect(texts).toEqual([{ name: "lspci.txt", text: lspci([GPU]) }]);
    expect(left).toEqual([join(given.path, "memory.elf")]);
    const [forced] = (await readPageInputs([join(given.path, "lspci.txt")], "lspci")).texts;
    expect(forced!.kind).toBe("lspci");
  });

  it("tell a sysfs tree as collect does", async () => {
    const sysfs = folder({});
    const device = join(sysfs.path, "0000:3b:00.0");
    mkdirSync(device);
    writeFileSync(join(device, "vendor"), "0x10de\n");
    writeFileSync(join(device, "device"), "0x1b38\n");
    writeFileSync(join(device, "class"), "0x030200\n");
    writeFileSync(join(device, "resource"), "0x0000383800000000 0x0000383fffffffff 0x000000000014220c\n");
    const { texts } = await readPageInputs([sysfs.path]);
    expect(texts.map(({ name }) => name)).toEqual(["sysfs.json"]);
    expect(
      readInputs(
        texts.map(({ name, text }) => ({ name, text })),
        [],
      ).devices,
    ).toMatchObject([{ bdf: "0000:3b:00.0" }]);
    sysfs.remove();
  });
});

describe("physmap explore", () => {
  /** Wait until the command has printed its link, then do something, then stop it as `signal` does. */
  async function explored(
    signal: "SIGINT" | "SIGTERM",
    ...args: string[]
  ): Promise<{ code: number; out: string; err: string; html: string }> {
    const before = process.listenerCount(signal);
    const outcome = physmap("explore", "--no-open", ...args);
    const url = await vi.waitUntil(() => {
      const calls = vi
        .mocked(process.stdout.write)
        .mock.calls.map(([text]) => String(text))
        .join("");
      return /http:[^\s"]+/.exec(calls)?.[0];
    }, 20_000);
    const html = await (await fetch(url)).text();
    process.emit(signal);
    const done = { ...(await outcome), html };
    expect(process.listenerCount(signal)).toBe(before);
    await expect(fetch(url)).rejects.toThrow();
    return done;
  }

  it("serves the built page with the inputs until Ctrl-C", async () => {
    const { code, out, err, html } = await explored("SIGINT", given.path, "--xen", "4.12", "--device", "3b:00.0");
    expect(code).toBe(0);
    expect(out).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/\n$/);
    expect(err).toContain("memory.elf: not text, and not handed to the page: drop it into the page there");
    const [, json] = /id="physmap-inputs">([^<]*)</.exec(html)!;
    expect(JSON.parse(json!)).toEqual({
      inputs: [{ name: "lspci.txt", text: lspci([GPU]) }],
      keys: { xen: "4.12", device: ["3b:00.0"] },
    });
  });

  it("prints a document, and stops on SIGTERM", async () => {
    const { code, out } = await explored("SIGTERM", "--json");
    expect(code).toBe(0);
    expect(faultsOf("explore", JSON.parse(out))).toEqual([]);
  });

  it("says in one line what is wrong", async () => {
    const { url } = await start();
    const { port } = new URL(url);
    for (const [args, words] of [
      [["--port", port], "another program listens there"],
      [["--port", "70000"], "expected a whole number from 0"],
      [["--port", "x"], "expected a whole number from 0"],
      [[join(given.path, "missing.txt")], "cannot read"],
      [["--cpu", "arm"], "--cpu: "],
      [[given.path, "--as", "poem"], "--as poem"],
    ] as const) {
      const { code, out, err } = await physmap("explore", "--no-open", ...args);
      expect([code, out]).toEqual([2, ""]);
      expect(err).toContain(words);
      expect(err.trim().split("\n").at(-1)).toMatch(/^physmap: /);
    }
  });
});

describe("the user's browser", () => {
  it("is started, or it is said that it could not be", async () => {
    expect(await openBrowser("http://127.0.0.1:1/", [process.execPath, "--version"])).toBe(true);
    expect(await openBrowser("http://127.0.0.1:1/", ["no-such-program-here"])).toBe(false);
  });
});
