import { spawn } from "node:child_process";
/** Starts a program in a folder, with a descriptor as its standard input or nothing. */
export function startEmulator(program, args, folder, input = "ignore") {
    const child = spawn("setpriv", ["--pdeathsig", "KILL", program, ...args], {
        cwd: folder,
        stdio: [input, "pipe", "pipe"],
    });
    let said = "";
    let over = false;
    child.stderr?.setEncoding("latin1").on("data", (text) => {
        said = (said + text).slice(-4000);
    });
    const ended = new Promise((resolve) => {
        const end = () => {
            over = true;
            resolve(said);
        };
        child.once("close", end);
        child.once("error", (error) => {
            said += String(error);
            end();
        });
    });
    return { child, ended, hasEnded: () => over };
}
