import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const SCRIPTS = fileURLToPath(new URL("../../scripts", import.meta.url));
/** Stands for npm: says what it was asked on standard output, and makes what the real one would. */
const NPM = `
const { mkdirSync, existsSync } = require("node:fs");
const args = process.argv.slice(2);
console.log("asked:" + args[0]);
if (existsSync("broken")) process.exit(3);
mkdirSync(args[0] === "ci" ? "node_modules" : "dist", { recursive: true });
`;
/** Stands for the command line. */
const CLI = `
console.log(JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd(), main: process.argv[1] }));
process.exitCode = 7;
`;

let root: string;
const put = (path: string, text: string): void => writeFileSync(join(root, path), text);

function run(script: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const result = spawnSync(process.execPath, [join(root, "scripts", script), ...args], {
    encoding: "utf8",
    cwd: root,
    env: { ...process.env, npm_execpath: join(root, "npm.js"), npm_command: "start", INIT_CWD: root, ...env },
  });
  const asked = [...result.stderr.matchAll(/^asked:(\w+)$/gm)].map((match) => match[1]);
  return { status: result.status, stdout: result.stdout, stderr: result.stderr, asked };
}

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "physmap-setup-")));
  cpSync(SCRIPTS, join(root, "scripts"), { recursive: true });
  for (const folder of ["src/plan", "web", "examples/p40", "below"]) mkdirSync(join(root, folder), { recursive: true });
  for (const name of ["package-lock.json", "tsconfig.json", "tsconfig.build.json"]) put(name, "{}");
  put("package.json", '{ "type": "commonjs" }');
  put("src/plan/a.ts", "export {};");
  put("npm.js", NPM);
});

afterEach(() => rmSync(root, { recursive: true }));

describe("setup", () => {
  it("does what is to do, once, and then is quiet", () => {
    expect(run("setup.mjs")).toMatchObject({ status: 0, stdout: "", asked: ["ci", "run"] });
    expect(run("setup.mjs")).toMatchObject({ status: 0, stdout: "", stderr: "" });
    const changes: readonly (readonly [what: string, change: () => void, asked: readonly string[]])[] = [
      ["the lock changed", () => put("package-lock.json", '{ "changed": true }'), ["ci", "run"]],
      ["a source file changed", () => put("src/plan/a.ts", "export const a = 1;"), ["run"]],
      ["one was added", () => put("src/plan/b.ts", ""), ["run"]],
      ["one is gone", () => rmSync(join(root, "src/plan/a.ts")), ["run"]],
      ["what was built is gone", () => rmSync(join(root, "dist"), { recursive: true }), ["run"]],
      ["nothing changed", () => {}, []],
    ];
    for (const [what, change, asked] of changes) {
      change();
      expect(run("setup.mjs").asked, what).toEqual(asked);
    }
  });

  it("takes over what npm cit has just installed", () => {
    mkdirSync(join(root, "node_modules"));
    expect(run("setup.mjs", [], { npm_command: "install-ci-test" }).asked).toEqual(["run"]);
    expect(run("setup.mjs").asked).toEqual([]);
  });

  it("fails with npm, says so, and tries again the next time", () => {
    put("broken", "");
    const { status, stderr, asked } = run("setup.mjs");
    expect([status, asked]).toEqual([3, ["ci"]]);
    expect(stderr).toMatch(/^physmap: npm ci .* failed, see above$/m);
    mkdirSync(join(root, "node_modules"));
    expect(run("setup.mjs", [], { npm_command: "install-ci-test" })).toMatchObject({ status: 3, asked: ["run"] });
    rmSync(join(root, "broken"));
    expect(run("setup.mjs").asked).toEqual(["run"]);
  });
});

describe("start", () => {
  const start = (args: readonly string[], env = {}) => {
    mkdirSync(join(root, "dist"), { recursive: true });
    put("dist/cli.js", CLI);
    const { status, stdout } = run("start.mjs", args, env);
    return { status, ...(JSON.parse(stdout) as { args: string[]; cwd: string; main: string }) };
  };

  it("plans the example's folder, with the command's exit code", () => {
    expect(start([], { INIT_CWD: join(root, "below") })).toEqual({
      status: 7,
      args: ["plan", "examples/p40"],
      cwd: root,
      main: join(root, "dist/cli.js"),
    });
  });

  it("passes arguments as they are, from the folder where they were typed", () => {
    const given = ["why", "--xen", "4.11", "", "a b"];
    expect(start(given, { INIT_CWD: join(root, "below") })).toMatchObject({ args: given, cwd: join(root, "below") });
  });

  it("says what to do when nothing is built", () => {
    expect(run("start.mjs")).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining("npm run build") });
  });
});
