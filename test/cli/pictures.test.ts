import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { lspci, NIC, xlCfg, xlInfo } from "../plan/samples.ts";
import { harmless, parsed } from "../report/markup-check.ts";
import { folder, physmap } from "./helpers.ts";

const { path, remove } = folder({
  "lspci.txt": lspci([NIC]),
  "xl-info.txt": xlInfo("4.17.3", ""),
  "guest.cfg": xlCfg("memory = 2048"),
});
afterAll(remove);
const file = (name: string): string => join(path, name);
const PLAN = ["plan", file("lspci.txt"), file("xl-info.txt"), file("guest.cfg"), "--no-advice"];

describe("plan --html and --svg", () => {
  it("write their files beside the plan itself", async () => {
    const { code, out, err } = await physmap(...PLAN, "--html", file("plan.html"), "--svg", file("map.svg"));
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("5e:00.0");
    const html = parsed(readFileSync(file("plan.html"), "utf8"));
    const svg = parsed(readFileSync(file("map.svg"), "utf8"));
    harmless(html);
    harmless(svg);
    expect(html.text).not.toContain("What to change");
    expect(svg.tags[0]).toMatchObject({ name: "svg" });
    expect(svg.text).toContain("Xen 4.17.3 on Intel");
  });

  it("go to standard output in the plan's place", async () => {
    const { code, out } = await physmap(...PLAN, "--svg", "-");
    expect(code).toBe(0);
    expect(parsed(out).tags[0]!.name).toBe("svg");
    expect((await physmap(...PLAN, "--html", "-")).out).toMatch(/^<!doctype html>/);
  });

  it("leave a JSON document on standard output as it is", async () => {
    const { out } = await physmap(...PLAN, "--json", "--svg", file("also.svg"));
    expect(JSON.parse(out)).toMatchObject({ kind: "plan" });
  });

  it.each([
    [[...PLAN, "--html", "-", "--svg", "-"], "--html - and --svg - all go to standard output"],
    [[...PLAN, "--html", "-", "--json"], "--html - and --json all go to standard output"],
    [[...PLAN, "--svg", file("missing/map.svg")], "cannot write"],
    [["plan", "--json", "--batch", file("lspci.txt"), "--html", file("x.html")], "leave --batch out"],
  ])("say in one line what is wrong: %#", async (args, words) => {
    const { code, out, err } = await physmap(...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(words);
    expect(err.trim().split("\n")).toHaveLength(1);
  });
});
