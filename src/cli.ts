#!/usr/bin/env node
import { endOnClosedPipe } from "./cli/closed-pipe.ts";
import { main } from "./cli/main.ts";

endOnClosedPipe([process.stdout, process.stderr], () => process.exit());
process.exitCode = await main(process.argv.slice(2));
