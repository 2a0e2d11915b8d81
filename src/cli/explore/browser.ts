import { spawn } from "node:child_process";

/** What opens a link in the user's browser, by system. The link is ours: it holds no character that a shell knows. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
};

/** Open a link in the user's browser. Resolves to whether something could be started; the browser outlives us. */
export function openBrowser(
  url: string,
  [command, ...args] = OPENERS[process.platform] ?? ["xdg-open"],
): Promise<boolean> {
  return new Promise((done) => {
    const child = spawn(command!, [...args, url], { stdio: "ignore", detached: true });
    child.once("error", () => done(false));
    child.once("spawn", () => {
      child.unref();
      done(true);
    });
  });
}
