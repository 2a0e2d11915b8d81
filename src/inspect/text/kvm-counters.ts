/** KVM's page counters in debugfs, as `grep . /sys/kernel/debug/kvm/*` shows them: page-table-formats.md 9.6. */
import type { Dialect, DialectInput, TextDump } from "./dump.ts";

const COUNTER =
  /^\s{0,8}(\S{0,200}\/)?(pages_4k|pages_2m|pages_1g|nx_lpage_splits|lpages|largepages)\s{0,8}[:= ]\s{0,8}(\d{1,15})\s{0,8}$/;

function read({ lines, note }: DialectInput): readonly TextDump[] {
  const machines = new Map<string, Map<string, number>>();
  for (const { text, line } of lines) {
    const [, folder = "", name = "", value = ""] = COUNTER.exec(text) ?? [];
    if (name === "") continue;
    const counters = machines.get(folder) ?? new Map<string, number>();
    machines.set(folder, counters);
    if (counters.has(name)) note(line, `${name} is given twice: the last one counts`);
    counters.set(name, Number(value));
  }
  return [...machines].map(([folder, counters]): TextDump => {
    const large = counters.get("lpages") ?? counters.get("largepages");
    if (large !== undefined)
      note(null, `${large} large pages, of 2 MiB or 1 GiB: kernels before 5.15 do not tell them apart`);
    const splits = counters.get("nx_lpage_splits");
    if (splits !== undefined) note(null, `${splits} large pages are split so that they can be executed`);
    const at = (name: string): number => counters.get(name) ?? 0;
    return {
      dialect: "kvm-counters",
      title: folder === "" ? "KVM's counters" : `KVM's counters in ${folder}`,
      domain: null,
      what: "p2m",
      format: null,
      runs: [],
      leaves: { "4k": at("pages_4k"), "2m": at("pages_2m"), "1g": at("pages_1g") },
    };
  });
}

export const kvmCounters: Dialect = { name: "kvm-counters", claims: (text) => COUNTER.test(text), read };
