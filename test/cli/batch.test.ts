import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { folder, physmap } from "./helpers.ts";

const ROOT = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");
const INPUTS = readdirSync(new URL("examples/msix-nic", ROOT))
  .filter((name) => !name.endsWith(".md"))
  .map((name) => ({ name, text: read(`examples/msix-nic/${name}`) }));
const RELEASES = ["4.17.5", "4.19.2", "4.16.0"];
const host = (i: number): string =>
  JSON.stringify({ name: `host-${i}`, inputs: INPUTS, keys: { xen: RELEASES[i % RELEASES.length] } });

const files = folder({
  "fine.ndjson": `${[0, 1, 2].map(host).join("\n")}\n`,
  "mixed.ndjson": `${host(0)}\n\n{"inputs": 3}\n${host(3)}`,
  "empty.ndjson": "",
});
afterAll(files.remove);
const batch = (name: string, ...more: string[]) =>
  physmap("plan", "--json", "--no-advice", "--jobs", "1", "--batch", `${files.path}/${name}`, ...more);
const documents = (out: string) =>
  out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

describe("plan --batch", () => {
  it("answers one line a host, in order, and says that all is done", async () => {
    const { code, out, err } = await batch("fine.ndjson");
    expect([code, err]).toEqual([0, ""]);
    expect(out.endsWith("\n")).toBe(true);
    expect(documents(out).map(({ kind, host: name, scenario }) => [kind, name, scenario.xen])).toEqual(
      [0, 1, 2].map((i) => ["plan", `host-${i}`, RELEASES[i]]),
    );
  });

  it("gives a bad host one error line, and exit code 1", async () => {
    const { code, out } = await batch("mixed.ndjson");
    expect(code).toBe(1);
    expect(documents(out).map(({ kind, host: name, line }) => name ?? [kind, line])).toEqual([
      "host-0",
      ["batch-error", 3],
      "host-3",
    ]);
  });

  it("takes scenario keys for all hosts, which the hosts' own override", async () => {
    const { out } = await batch("fine.ndjson", "--xen", "4.12", "--guest-kernel", "windows");
    expect(documents(out).map(({ scenario }) => [scenario.xen, scenario.guestKernel])).toEqual(
      RELEASES.map((xen) => [xen, "windows"]),
    );
  });

  it("of nothing prints nothing", async () => {
    expect(await batch("empty.ndjson")).toEqual({ code: 0, out: "", err: "" });
  });

  it.each([
    [["plan", "--batch", "x"], /--batch prints JSON.*add --json/],
    [["plan", "--json", "--batch", "x", "lspci.txt"], /leave lspci\.txt out/],
    [["plan", "--json", "--batch", "x", "--as", "lspci"], /--as: in a batch/],
    [["plan", "--json", "--batch", "x", "--jobs", "0"], /--jobs 0: expected a whole number from 1/],
    [["plan", "--json", "--batch", "/nonexistent/x"], /cannot read \/nonexistent\/x: no such file/],
    [["plan", "--json", "--batch", "/"], /cannot read \/: .*directory/],
  ])("%j is wrong", async (args, says) => {
    const { code, out, err } = await physmap(...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(says);
    expect(err.trimEnd()).not.toContain("\n");
  });
});

/** Threads run what was built. */
const CLI = fileURLToPath(new URL("dist/cli.js", ROOT));
const built = existsSync(fileURLToPath(new URL("dist/cli/batch-worker.js", ROOT)));

interface Ended {
  readonly code: number | null;
  readonly out: string;
}

function run(input: string, onOutput?: (kill: () => void) => void): Promise<Ended> {
  const child = spawn(process.execPath, [CLI, "plan", "--json", "--no-advice", "--jobs", "2", "--batch", "-"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  let out = "";
  child.stdout.on("data", (text: Buffer) => {
    out += text;
    onOutput?.(() => child.kill("SIGINT"));
  });
  child.stdin.on("error", () => {});
  child.stdin.write(input);
  if (!onOutput) child.stdin.end();
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out })));
}

describe.runIf(built)("plan --batch with threads", () => {
  const COUNT = 60;
  const lines = Array.from({ length: COUNT }, (_, i) => (i === 40 ? "{}" : host(i)));

  it("keeps the order, however long each host takes", async () => {
    const { code, out } = await run(lines.join("\n"));
    expect(code).toBe(1);
    expect(documents(out).map(({ host: name, line }) => name ?? line)).toEqual(
      lines.map((_, i) => (i === 40 ? 41 : `host-${i}`)),
    );
  }, 60_000);

  it("stops at Ctrl-C with whole lines only, and exit code 130", async () => {
    let told = false;
    const { code, out } = await run(`${lines.join("\n")}\n`, (interrupt) => {
      if (!told) interrupt();
      told = true;
    });
    expect(code).toBe(130);
    expect(out.endsWith("\n")).toBe(true);
    expect(documents(out).length).toBeLessThanOrEqual(COUNT);
  }, 60_000);
});
