import type { PlanBar, PlanDevice, PlanDocument } from "../plan/document.ts";
import { LEDGER_KINDS, type LedgerKind } from "../xen/ledger.ts";
import { HEADLINE_KINDS, KIND_TITLES } from "./kinds.ts";
import { cut, table, wrap } from "./layout.ts";
import { orderBar } from "./order-bar.ts";
import type { Style } from "./style.ts";
import { address, plural, seconds, size, thousands } from "./units.ts";

/** A plan for a terminal: what it speaks of, one block a device, reasons, cost, fit, advice, what it rests on. */
export function planText(document: PlanDocument, style: Style, verbose = false): string {
  const blocks = [
    heading(document, style),
    ...document.devices.map((device) => deviceBlock(device, style)),
    reasonBlock(document, style),
    costBlock(document, style, verbose),
    fitBlock(document, style),
    adviceBlock(document, style),
    restsOnBlock(document, style, verbose),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function heading({ scenario, iommu, p2m }: PlanDocument, style: Style): string[] {
  const { guest, hap, vcpus, memoryMiB, name } = scenario;
  const kind = guest === "pvh" ? "PVH dom0" : guest.toUpperCase();
  const paging = guest === "pv" ? "" : hap ? ", HAP" : ", shadow paging";
  const ram = guest === "hvm" ? `, ${size(memoryMiB * 2 ** 20)}, ${plural(vcpus, "vCPU")}` : "";
  const title = `Xen ${scenario.xen} on ${scenario.cpu === "intel" ? "Intel" : "AMD"} · ${kind}${name ? ` guest ${name}` : guest === "pvh" ? "" : " guest"}${paging}${ram}`;
  const tables =
    guest === "pv"
      ? "no P2M: the guest maps the BARs itself"
      : `P2M ${FORMAT[p2m?.format ?? ""] ?? "?"}; ${
          scenario.iommu.shared
            ? "the IOMMU shares its tables"
            : iommu
              ? `the IOMMU (${FORMAT[iommu.format] ?? iommu.format}) has tables of its own`
              : "no IOMMU tables"
        }`;
  const lines = [...wrap(title, style.width).map(style.bold), ...wrap(tables, style.width)];
  if (scenario.cmdline)
    lines.push(...wrap(`Xen command line: ${scenario.cmdline}`, style.width, "", "  ").map(style.dim));
  return lines;
}

const FORMAT: Readonly<Record<string, string>> = { ept: "EPT", npt: "NPT", vtd: "VT-d", amdvi: "AMD-Vi" };

/** Cells of the strip that shows a BAR's orders: what the width leaves, within these. */
const LEAST_CELLS = 6;
const MOST_CELLS = 24;

function deviceBlock(device: PlanDevice, style: Style): string[] {
  const id = device.id ? ` [${device.id}]` : "";
  const title = style.bold(
    cut(`${device.bdf}  ${device.name}${device.name.includes(id.trim()) ? "" : id}`, style.width),
  );
  const right = { align: "right" } as const;
  const columns = [right, right, right, right, right, right, right];
  const [head, ...lines] = table(
    [["#", "size", "machine", "guest", "4 KiB", "2 MiB", "calls"], ...device.bars.map(barRow)],
    columns,
    " ",
  );
  const used = Math.max(...[head ?? "", ...lines].map((line) => line.length)) + 2;
  const cells = Math.min(MOST_CELLS, Math.max(LEAST_CELLS, style.width - used));
  const strips = lines.map((line, i) => `${line.padEnd(used)}${orderBar(device.bars[i]!, cells)}`);
  return [title, style.dim(head ?? ""), ...strips, ...device.bars.flatMap((bar) => barNotes(bar, style))];
}

function barRow(bar: PlanBar): string[] {
  const entries = (order: number): string => {
    const n = bar.pieces.filter((piece) => piece.order === order).reduce((sum, piece) => sum + piece.entries, 0);
    return n === 0 ? "-" : thousands(n);
  };
  const where = (text: string | null): string => (text === null ? "-" : address(text));
  return [
    String(bar.index),
    bar.size === null ? "?" : size(bar.size),
    where(bar.host),
    where(bar.guest),
    entries(0),
    entries(9),
    bar.hypercalls === 0 ? "-" : thousands(bar.hypercalls),
  ];
}

/** What a row cannot show: why a BAR is left out, and what is cut out of it. */
function barNotes(bar: PlanBar, style: Style): string[] {
  const lines: string[] = [];
  if (bar.problem !== undefined)
    lines.push(...wrap(`BAR ${bar.index} is not mapped: ${bar.problem}`, style.width, "  ! ", "    ").map(style.bad));
  if (bar.placed === "given") lines.push(`  · BAR ${bar.index} stands where you put it`);
  if (bar.placed === "observed") lines.push(`  · BAR ${bar.index} stands where hvmloader's message says`);
  for (const { gfn, pages, because } of bar.holes)
    lines.push(`  · BAR ${bar.index}: ${plural(pages, "page")} left out at ${address(`${gfn}000`)} (${because})`);
  return lines;
}

function reasonBlock(document: PlanDocument, style: Style): string[] {
  const { reasons, remarks } = document;
  if (reasons.length === 0 && remarks.length === 0) return [];
  return [
    `${style.bold("Why")}   ${style.dim("░ 4 KiB entries  ▓ 2 MiB  · not mapped")}`,
    ...reasons.flatMap(({ says, pages, code }) =>
      wrap(`${plural(pages, "page")}: ${says} [${code}]`, style.width, "  ", "    "),
    ),
    ...remarks.flatMap(({ says }) => wrap(says, style.width, "  ", "    ")),
  ];
}

function costBlock({ ledger, boot, time }: PlanDocument, style: Style, verbose: boolean): string[] {
  const kinds = verbose ? (Object.keys(LEDGER_KINDS) as LedgerKind[]) : HEADLINE_KINDS;
  const rows = kinds
    .filter((kind) => boot.ledger[kind] > 0)
    .map((kind) => [KIND_TITLES[kind] ?? kind, thousands(ledger[kind]), thousands(boot.ledger[kind])]);
  const repeats =
    boot.deletes === 0 && boot.adds <= 1 ? "a boot" : `a boot (${boot.adds}× map, ${boot.deletes}× unmap)`;
  const times = ["estimated time", seconds(time.likely), seconds(boot.time.likely)];
  const spans = [
    "  between",
    `${seconds(time.low)} – ${seconds(time.high)}`,
    `${seconds(boot.time.low)} – ${seconds(boot.time.high)}`,
  ];
  const columns = [{}, { align: "right" }, { align: "right" }] as const;
  const [head, ...lines] = table([["", "map once", repeats], ...rows, times, spans], columns, "  ");
  return [
    style.bold("Cost") + (head ?? "").slice(4),
    ...lines,
    style.dim(`  (times from ${time.calibration} costs; counts are exact)`),
  ];
}

function fitBlock({ fit, pool, scenario }: PlanDocument, style: Style): string[] {
  if (fit.length > 0)
    return [
      style.bold("Fit"),
      ...fit.flatMap(({ severity, says, set }) => [
        ...wrap(says, style.width, severity === "fault" ? "  ! " : "  ~ ", "    ").map(
          severity === "fault" ? style.bad : style.warn,
        ),
        ...(set ? [`      ${set.where}:  ${set.line}`] : []),
      ]),
    ];
  const room = pool
    ? `; the paging pool of ${thousands(pool.pages)} pages has ${thousands(pool.forBars)} for BARs`
    : "";
  return [`${style.bold("Fit")}   ${scenario.guest === "pv" ? "nothing to fit" : `everything fits${room}`}`];
}

function adviceBlock({ advice, boot }: PlanDocument, style: Style): string[] {
  if (advice.length === 0) return [`${style.bold("Advice")}   nothing that you could change would save anything`];
  const lines = advice.slice(0, MOST_ADVICE).flatMap(({ says, write, saves }, i) => {
    const [, likely] = saves.seconds;
    const share = boot.time.likely > 0 ? Math.round((100 * likely) / boot.time.likely) : 0;
    const gain =
      likely > 0
        ? `saves ${seconds(likely)} of a boot's ${seconds(boot.time.likely)} (${share} %)`
        : "saves counts only";
    return [
      ...wrap(`${i + 1}. ${says}: ${gain}`, style.width, "  ", "     "),
      `       ${write.where}:  ${write.line}`,
      ...(savedLine(saves) ? wrap(savedLine(saves), style.width, "       ", "       ").map(style.dim) : []),
    ];
  });
  const more = advice.length - MOST_ADVICE;
  return [style.bold("Advice"), ...lines, ...(more > 0 ? [`  … and ${more} more (--json has all)`] : [])];
}

const MOST_ADVICE = 6;

function savedLine(saves: PlanDocument["advice"][number]["saves"]): string {
  const { seconds: _, ...counts } = saves;
  const parts = (Object.entries(counts) as [LedgerKind, number][])
    .filter(([kind]) => HEADLINE_KINDS.includes(kind))
    .slice(0, 4)
    .map(([kind, n]) => `${thousands(n)} ${KIND_TITLES[kind] ?? kind}`);
  return parts.length > 0 ? `each mapping saves ${parts.join(", ")}` : "";
}

function restsOnBlock({ notes, unverified }: PlanDocument, style: Style, verbose: boolean): string[] {
  const shown = verbose ? notes : notes.filter(({ kind }) => kind !== "info" || notes.length <= 6);
  const lines = [
    ...shown.slice(0, verbose ? shown.length : MOST_NOTES).map(({ kind, says, from }) => {
      const where = from ? ` (${from.file}${from.line === undefined ? "" : `:${from.line}`})` : "";
      return `${kind}: ${says}${where}`;
    }),
    ...unverified.map(({ says }) => `unconfirmed: ${says}`),
  ];
  if (lines.length === 0) return [];
  const hidden = notes.length - Math.min(shown.length, verbose ? shown.length : MOST_NOTES);
  return [
    style.bold("Rests on"),
    ...lines.flatMap((line) => wrap(line, style.width, "  ", "    ").map(style.dim)),
    ...(hidden > 0 ? [style.dim(`  … and ${hidden} more notes (-v shows all)`)] : []),
  ];
}

const MOST_NOTES = 8;
