import { stripLogPrefix } from "./log-prefix.ts";
import { type LogTime, stampOf } from "./log-time.ts";
import { quote } from "./note-list.ts";

interface Printed {
  readonly domain: number;
  readonly at: LogTime | null;
  /** Counted from 1 in the log. */
  readonly line: number;
}

/** Frames of a call: first gfn, first mfn, and how many were asked for. */
interface Frames {
  readonly gfn: number;
  readonly mfn: number;
  readonly pages: number;
}

/** What one line of a hypervisor's log says about MMIO mappings (xen-mapping.md 2.3). */
export type MemoryMapLine =
  /** A call, printed before it does anything: `pages` is all that is still to do. */
  | (Printed & Frames & { readonly event: "add" | "remove" })
  /** The add that was just printed failed at its first block. `ret` is the negative error number. */
  | (Printed & Frames & { readonly event: "fail"; readonly ret: number })
  /** A removal failed; the gfn is not printed. Printed only when the hardware domain asked. */
  | (Printed & { readonly event: "remove-fail"; readonly mfn: number; readonly lastMfn: number; readonly ret: number })
  /** An entry that must not be replaced stood in the way; the domain was crashed. */
  | (Printed & { readonly event: "conflict"; readonly gfn: number })
  /** The hypervisor started: domain numbers and the clock begin anew. */
  | { readonly event: "boot"; readonly version: string; readonly line: number }
  /** Speaks of mappings and could not be read. */
  | { readonly event: "unread"; readonly says: string; readonly line: number };

const MARK = "memory_map";
const CALL =
  /^memory_map:(add|remove|fail): d(?:om)?(\d{1,5}) gfn=([0-9a-f]{1,16}) mfn=([0-9a-f]{1,16}) nr=([0-9a-f]{1,16})(?: ret:(-\d{1,5}))?$/;
const REMOVE_FAILED =
  /^memory_map: error (-\d{1,5}) removing d(?:om)?(\d{1,5}) access to \[([0-9a-f]{1,16}),([0-9a-f]{1,16})\]$/;
const CONFLICT = /^d(\d{1,5}): GFN 0x([0-9a-f]{1,13}) \(.{1,200}\) not permitted$/;
const VERSION = /^Xen version ([\w.+~-]{1,64})/;
const FRAME_LIMIT = 2 ** 52;
/** No line of these kinds is longer; what follows would only cost time. */
const MOST_CHARACTERS = 1024;

/** Reads one line; null when it does not concern mappings. `line` is its number, for notes. Never throws. */
export function readMemoryMapLine(raw: string, line: number): MemoryMapLine | null {
  const cut = raw.length > MOST_CHARACTERS ? raw.slice(0, MOST_CHARACTERS) : raw;
  const relevant = cut.includes(MARK);
  if (!relevant && !cut.includes("Xen version ") && !cut.includes(" not permitted")) return null;
  const { text, domain: guest } = stripLogPrefix(cut);
  const unread = (why: string): MemoryMapLine => ({ event: "unread", says: `${quote(text)}: ${why}`, line });
  if (guest !== null) return relevant ? unread("printed by a guest, not by the hypervisor: not counted") : null;
  if (!relevant) return readOther(cut, text, line);

  const failed = REMOVE_FAILED.exec(text);
  const call = CALL.exec(text);
  if (failed) {
    const [, ret, domain, first, last] = failed;
    const [mfn, lastMfn] = [hexNumber(first), hexNumber(last)];
    if (lastMfn >= FRAME_LIMIT || mfn > lastMfn) return unread("no range of frames");
    return {
      event: "remove-fail",
      domain: Number(domain),
      mfn,
      lastMfn,
      ret: Number(ret),
      at: stampOf(cut, text),
      line,
    };
  }
  const [, event, domain, gfnText, mfnText, pagesText, ret] = call ?? [];
  if (!call || (event === "fail") !== (ret !== undefined))
    return unread("not understood (cut off, or another line in it?)");
  const frames = { gfn: hexNumber(gfnText), mfn: hexNumber(mfnText), pages: hexNumber(pagesText) };
  if (frames.pages === 0 || frames.gfn + frames.pages > FRAME_LIMIT || frames.mfn + frames.pages > FRAME_LIMIT)
    return unread("no range of frames below 2^52");
  const printed = { domain: Number(domain), at: stampOf(cut, text), line, ...frames };
  return event === "fail" ? { ...printed, event, ret: Number(ret) } : { ...printed, event: event as "add" | "remove" };
}

const hexNumber = (digits: string | undefined): number => Number.parseInt(digits ?? "", 16);

function readOther(raw: string, text: string, line: number): MemoryMapLine | null {
  const version = VERSION.exec(text);
  if (version) return { event: "boot", version: version[1]!, line };
  const conflict = CONFLICT.exec(text);
  if (!conflict) return null;
  return { event: "conflict", domain: Number(conflict[1]), gfn: hexNumber(conflict[2]), at: stampOf(raw, text), line };
}
