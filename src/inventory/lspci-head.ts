import { classCodeOfName } from "./device-class.ts";
import { unwrapped, type WrappedLine } from "./lspci-wrapped.ts";

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
const LAST_IDS = /^(.*)\[([0-9a-f]{4}):([0-9a-f]{4})\]/i;

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
    const vendorId = hex(numbers[2]!);
    return { classCode: hex(numbers[1]!), vendorId, deviceId: hex(numbers[3]!), name: "", idsCut: false };
  }
  const classNumber = CLASS_NUMBER.exec(text);
  if (classNumber === null) {
    const colon = text.indexOf(": ");
    const className = colon < 0 ? text : text.slice(0, colon);
    const name = colon < 0 ? "" : withoutTail(text.slice(colon + 2));
    return { classCode: classCodeOfName(className), vendorId: null, deviceId: null, name, idsCut: false };
  }
  const classCode = hex(classNumber[1]!);
  const device = withoutTail(text.slice(classNumber.index + classNumber[0].length));
  const last = LAST_IDS.exec(device);
  if (last === null) return { classCode, vendorId: null, deviceId: null, name: device, idsCut: true };
  return { classCode, vendorId: hex(last[2]!), deviceId: hex(last[3]!), name: last[1]!.trim(), idsCut: false };
}

const hex = (digits: string): number => Number.parseInt(digits, 16);

/** Without `(rev rr)` and `(prog-if pp [NAME])`. */
function withoutTail(text: string): string {
  const revision = text.lastIndexOf(" (rev ");
  const end = revision >= 0 ? revision : text.lastIndexOf(" (prog-if ");
  return (end >= 0 ? text.slice(0, end) : text).trim();
}
