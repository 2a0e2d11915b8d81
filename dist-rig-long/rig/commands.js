import { execFileSync } from "node:child_process";
/** Runs a program to its end and returns its standard output. Throws with what it printed when it fails. */
export function runProgram(program, args, folder) {
    try {
        return execFileSync(program, args, {
            encoding: "utf8",
            stdio: ["ignore", "pipe", "pipe"],
            maxBuffer: 2 ** 28,
            ...(folder === undefined ? {} : { cwd: folder }),
        });
    }
    catch (error) {
        const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
        throw new Error(`${program} ${args[0] ?? ""} failed: ${said.slice(-2000)}`);
    }
}
