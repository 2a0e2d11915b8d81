import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Asked, judge } from "../../src/cli/explore/request.ts";

const TOKEN = "abcdefghijklmnopqrstuvwxyz012345";
const own = { token: TOKEN, port: 4711 };
const asked = (target: string, more: Partial<Asked> = {}): Asked => ({
  method: "GET",
  target,
  host: "127.0.0.1:4711",
  origin: undefined,
  site: undefined,
  ...more,
});
const status = (request: Asked, of = own): number => {
  const verdict = judge(request, of);
  return "status" in verdict ? verdict.status : 200;
};

describe("requests to the explorer's server", () => {
  it.each([
    [`/${TOKEN}/`, [""]],
    [`/${TOKEN}/index.html`, ["index.html"]],
    [`/${TOKEN}/assets/index-B0_x.js`, ["assets", "index-B0_x.js"]],
    [`/${TOKEN}/assets/a.css?v=1`, ["assets", "a.css"]],
  ])("may ask for %s", (target, path) => {
    expect(judge(asked(target), own)).toEqual({ path });
  });

  it.each([
    "/",
    "/index.html",
    `/${TOKEN.slice(0, -1)}/`,
    `/${TOKEN}x/`,
    `/${TOKEN.toUpperCase()}/`,
    `//${TOKEN}/`,
    `/index.html?token=${TOKEN}`,
  ])("need the token: %s", (target) => {
    expect(status(asked(target))).toBe(403);
  });

  it.each([
    undefined,
    "",
    "evil.example",
    "evil.example:4711",
    "127.0.0.1",
    "127.0.0.1:80",
    "127.0.0.1:4711.evil.example",
    "localhost.evil.example:4711",
    "0.0.0.0:4711",
    "[::1]:4711",
  ])("name this machine, not one that was turned to it: %s", (host) => {
    expect(status(asked(`/${TOKEN}/`, { host }))).toBe(403);
  });

  it("may name it in any way that is its own", () => {
    for (const host of ["127.0.0.1:4711", "localhost:4711", "LOCALHOST:4711"])
      expect(status(asked(`/${TOKEN}/`, { host }))).toBe(200);
    expect(status(asked(`/${TOKEN}/`, { host: "localhost" }), { ...own, port: 80 })).toBe(200);
  });

  it.each([
    "null",
    "https://evil.example",
    "http://evil.example:4711",
    "http://127.0.0.1:4712",
    "https://127.0.0.1:4711",
  ])("come from no other page: %s", (origin) => {
    expect(status(asked(`/${TOKEN}/`, { origin }))).toBe(403);
  });

  it("come from the page itself, or from a person", () => {
    expect(status(asked(`/${TOKEN}/a.js`, { origin: "http://127.0.0.1:4711", site: "same-origin" }))).toBe(200);
    expect(status(asked(`/${TOKEN}/`, { site: "none" }))).toBe(200);
    for (const site of ["cross-site", "same-site"]) expect(status(asked(`/${TOKEN}/`, { site }))).toBe(403);
  });

  it.each(["POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE", "get"])("only read: %s", (method) => {
    expect(status(asked(`/${TOKEN}/`, { method }))).toBe(405);
  });

  it.each([
    "..",
    "../package.json",
    "assets/../../package.json",
    "%2e%2e/package.json",
    "%2E%2E%2Fpackage.json",
    "..%2fpackage.json",
    "%252e%252e/package.json",
    "..%5cpackage.json",
    "assets\\..\\x.js",
    "assets/%00.js",
    "assets/a.js%00.html",
    "assets//a.js",
    "./a.js",
    ".git/config",
    "assets/.hidden.js",
    "C:/a.js",
    "assets/%",
    "assets/%ff.js",
    "a%2fb.js",
    "~root/a.js",
    "assets/a.js:stream",
  ])("leave the folder by no way: %s", (path) => {
    expect(status(asked(`/${TOKEN}/${path}`))).toBe(404);
  });

  it("have a path of a length that somebody means", () => {
    expect(status(asked(`/${TOKEN}/${"a".repeat(3000)}`))).toBe(400);
    expect(status(asked(`http://127.0.0.1:4711/${TOKEN}/`))).toBe(400);
    expect(status(asked("*"))).toBe(400);
  });

  it("are never answered with a path that leads up, whatever they say", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.array(fc.constantFrom("..", "%2e", "/", "%2f", "\\", "a", ".", "%00", "%25")),
        (tail, bits) => {
          const verdict = judge(asked(`/${TOKEN}/${bits.join("")}${tail}`), own);
          if (!("path" in verdict)) return;
          for (const name of verdict.path) expect(name).toMatch(/^(?:[A-Za-z0-9_-][A-Za-z0-9._-]*)?$/);
        },
      ),
    );
  });
});
