import { classCodeOfName } from "./device-class.ts";
import type { WrappedLine } from "./lspci-blocks.ts";
import { unwrapped } from "./lspci-blocks.ts";

/** What stands after the address on a block's first line. */
export interface Head {
  readonly classCode: number | null;
  readonly vendorId: number | null;
  readonly deviceId: number | null;
  readonly name: string;
  /** `-nn` was used, yet the ids are missing: the name was cut. */
  readonly idsCut: boolean;
}

const NUMBERS = /^(?:Class )?([0-9a-f]{4}): ([0-9a-f]{4}):([0-9a-f]{4})(?= |$)/i;
const CLASS_NUMBER = /\[([0-9a-f]{4})\]: ?/i;
const IDS = /\[([0-9a-f]{4}):([0-9a-f]{4})\]/gi;

/**
 * `CLASS [cccc]: VENDOR DEVICE [vvvv:dddd] (rev rr) (prog-if pp [NAME])` in the forms of no option, `-n` and `-nn`. Names
 * may hold brackets and colons: the class is the first `[xxxx]:`, the ids are the last `[xxxx:xxxx]` before the revision
 * (host-inputs.md 1.1).
 */
export function readHead(head: WrappedLine): Head {
  // The rest of a wrapped line counts only where it completes the ids: after a plain listing, anything may follow.
  const alone = parse(head.parts[0] ?? "");
  if (alone.vendorId !== null) return alone;
  const complete = unwrapped(head)
    .map(parse)
    .find(({ vendorId }) => vendorId !== null);
  return complete ?? alone;
}

function parse(text: string): Head {
  const numbers = NUMBERS.exec(text);
  if (numbers !== null) {
    const [, classCode = "", vendor = "", device = ""] = numbers;
    return { ...ids(vendor, device), classCode: Number.parseInt(classCode, 16), name: "", idsCut: false };
  }
  const classNumber = CLASS_NUMBER.exec(text);
  if (classNumber === null) {
    const colon = text.indexOf(": ");
    const className = colon < 0 ? text : text.slice(0, colon);
    const name = colon < 0 ? "" : withoutTail(text.slice(colon + 2));
    return { classCode: classCodeOfName(className), vendorId: null, deviceId: null, name, idsCut: false };
  }
  const classCode = Number.parseInt(classNumber[1] ?? "", 16);
  const device = withoutTail(text.slice(classNumber.index + classNumber[0].length));
  const last = [...device.matchAll(IDS)].at(-1);
  if (last === undefined) return { classCode, vendorId: null, deviceId: null, name: device, idsCut: true };
  const name = device.slice(0, last.index).trim();
  return { ...ids(last[1] ?? "", last[2] ?? ""), classCode, name, idsCut: false };
}

const ids = (vendor: string, device: string): Pick<Head, "vendorId" | "deviceId"> => ({
  vendorId: Number.parseInt(vendor, 16),
  deviceId: Number.parseInt(device, 16),
});

/** Without `(rev rr)` and `(prog-if pp [NAME])`. */
function withoutTail(text: string): string {
  const revision = text.lastIndexOf(" (rev ");
  const end = revision >= 0 ? revision : text.lastIndexOf(" (prog-if ");
  return (end >= 0 ? text.slice(0, end) : text).trim();
}
