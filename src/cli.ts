#!/usr/bin/env node
import { setFlagsFromString } from "node:v8";
import { endOnClosedPipe } from "./cli/closed-pipe.ts";
import { main } from "./cli/main.ts";

// Most runs take half a second, in which optimising what is a little warm costs more than it gains: later will do.
if (!process.argv.includes("--batch")) setFlagsFromString("--interrupt-budget=1000000");

endOnClosedPipe([process.stdout, process.stderr], () => process.exit());
process.exitCode = await main(process.argv.slice(2));
