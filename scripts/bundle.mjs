/**
 * The command line in a few files instead of some three hundred, its dependencies included: most of a short run is
 * start-up. The library's modules are tsc's.
 */
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const root = fileURLToPath(new URL("..", import.meta.url));

await build({
  cwd: root,
  // The entry points that others name: the program, and what it starts as a thread.
  input: { cli: "src/cli.ts", "cli/main": "src/cli/main.ts", "cli/batch-worker": "src/cli/batch-worker.ts" },
  platform: "node",
  output: { dir: "dist", entryFileNames: "[name].js", chunkFileNames: "cli/[name].js" },
});
