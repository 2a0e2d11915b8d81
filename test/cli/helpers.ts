import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { main } from "../../src/cli/main.ts";

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Run a command line in this process and take what it prints. */
export async function physmap(...args: string[]): Promise<Outcome> {
  const out: string[] = [];
  const err: string[] = [];
  const take = (into: string[]) => (text: string | Uint8Array) => {
    into.push(String(text));
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation(take(out) as typeof process.stdout.write),
    vi.spyOn(process.stderr, "write").mockImplementation(take(err) as typeof process.stderr.write),
  ];
  try {
    const code = await main(args);
    return { code, out: out.join(""), err: err.join("") };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** A directory with some files, and a way to remove it. */
export function folder(files: Readonly<Record<string, string | Uint8Array>>): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "physmap-"));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
