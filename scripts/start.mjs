/**
 * `npm start`: plans the example; `npm start -- ARGS…` is `physmap ARGS…`, with paths meant from where it was typed.
 * The command runs in this process, so that input, output, signals and the exit code are its own.
 */
import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));

function planTheExample() {
  process.chdir(root);
  return ["plan", "examples/p40"];
}

function asTyped(args) {
  if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
  return args;
}

if (existsSync(cli)) {
  const given = process.argv.slice(2);
  process.argv = [process.execPath, cli, ...(given.length > 0 ? asTyped(given) : planTheExample())];
  await import(pathToFileURL(cli).href);
} else {
  process.stderr.write("physmap: dist/cli.js is missing: npm run build makes it from src/cli.ts\n");
  process.exitCode = 2;
}
