import type { PlanDocument } from "../plan/document.ts";
import { adviceBlock } from "./advice-text.ts";
import { costBlock } from "./cost-text.ts";
import { deviceBlock, rangeBlock } from "./device-text.ts";
import { sentence, titled, wrap } from "./layout.ts";
import { FORMAT_TITLES } from "./map-words.ts";
import { LEGEND } from "./order-bar.ts";
import type { Style } from "./style.ts";
import { plural, size, thousands } from "./units.ts";

/**
 * A plan for a terminal: what it speaks of, one block a device, reasons, cost, fit, advice, what it rests on. `advice`
 * says whether any was searched for.
 */
export function planText(document: PlanDocument, style: Style, { verbose = false, advice = true } = {}): string {
  const blocks = [
    heading(document, style),
    rangeBlock(document.iomem ?? [], style),
    ...document.devices.map((device) => deviceBlock(device, style)),
    reasonBlock(document, style),
    costBlock(document, style, verbose),
    fitBlock(document, style),
    advice ? adviceBlock(document, style, verbose) : [],
    restsOnBlock(document, style),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function heading(document: PlanDocument, style: Style): string[] {
  const { scenario } = document;
  const lines = [
    ...wrap(scenarioTitle(scenario), style.width).map(style.bold),
    ...wrap(tablesTitle(document), style.width),
  ];
  if (scenario.cmdline)
    lines.push(...wrap(`Xen command line: ${scenario.cmdline}`, style.width, "", "  ").map(style.dim));
  return lines;
}

/** `Xen 4.11.0 on Intel · HVM guest "gpu", HAP, 32 GiB, 8 vCPUs`. */
export function scenarioTitle({ xen, cpu, guest, name, hap, memoryMiB, vcpus }: PlanDocument["scenario"]): string {
  const kind = guest === "pvh" ? "PVH dom0" : `${guest.toUpperCase()} guest${name ? ` "${name}"` : ""}`;
  const paging = guest === "pv" ? "" : hap ? ", HAP" : ", shadow paging";
  const ram = guest === "hvm" ? `, ${size(memoryMiB * 2 ** 20)}, ${plural(vcpus, "vCPU")}` : "";
  return `Xen ${xen} on ${cpu === "intel" ? "Intel" : "AMD"} · ${kind}${paging}${ram}`;
}

/** Whose tables map the BARs. */
export function tablesTitle({ scenario, p2m, iommu }: PlanDocument): string {
  if (p2m === null) return "No P2M: the guest maps the BARs in its own page tables";
  const own = iommu
    ? `the IOMMU (${FORMAT_TITLES[iommu.format] ?? iommu.format}) has tables of its own`
    : "no IOMMU tables";
  const format = `${FORMAT_TITLES[p2m.format] ?? p2m.format}${scenario.hap ? "" : " format"}`;
  return `P2M: ${format}; ${scenario.iommu.shared ? "the IOMMU shares its tables" : own}`;
}

function reasonBlock({ reasons, remarks }: PlanDocument, style: Style): string[] {
  if (reasons.length === 0 && remarks.length === 0) return [];
  return [
    reasons.length === 0 ? style.bold("Why") : `${style.bold("Why")}   ${style.dim(LEGEND)}`,
    ...reasons.flatMap(({ says, pages, code }) =>
      wrap(`${plural(pages, "page")}: ${says} [${code}]`, style.width, "  ", "    "),
    ),
    ...remarks.flatMap(({ says }) => wrap(sentence(says), style.width, "  ", "    ")),
  ];
}

function fitBlock({ fit, pool, scenario }: PlanDocument, style: Style): string[] {
  if (fit.length === 0) {
    const room = pool
      ? `; the paging pool of ${thousands(pool.pages)} pages has ${thousands(pool.forBars)} for BARs`
      : "";
    const all = scenario.guest === "pv" ? "nothing to fit: no table is filled" : `everything fits${room}`;
    return titled(style, "Fit", all);
  }
  return [
    style.bold("Fit"),
    ...fit.flatMap(({ severity, says, set }, i) => {
      const [mark, colour] = severity === "fault" ? ["  ! ", style.bad] : (["  ~ ", style.warn] as const);
      // One line mends several findings: it stands behind the last of them.
      const repeated = set !== null && fit[i + 1]?.set?.line === set.line;
      return [
        ...wrap(sentence(says), style.width, mark, "    ").map(colour),
        ...(set && !repeated ? [`      ${set.where}:  ${set.line}`] : []),
      ];
    }),
  ];
}

/** What was assumed, and what no hypervisor or manual has confirmed. Other notes go to standard error. */
function restsOnBlock({ notes, unverified }: PlanDocument, style: Style): string[] {
  const assumed = notes.filter(({ kind }) => kind === "assumed");
  if (assumed.length === 0 && unverified.length === 0) return [];
  const open = unverified.map(({ says }) => says.replace(/\.$/, "")).join("; ");
  return [
    style.bold("Rests on"),
    ...assumed.flatMap(({ says }) => wrap(`assumed: ${says}`, style.width, "  ", "    ").map(style.dim)),
    ...(open ? wrap(`unconfirmed: ${open}`, style.width, "  ", "    ").map(style.dim) : []),
  ];
}
