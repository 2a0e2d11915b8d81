/** A console line without its prefixes. */
export interface LogLine {
  readonly text: string;
  /** `(XEN)` was there. */
  readonly hypervisor: boolean;
  /** The guest that printed it (`(d12)`, older: `(XEN) HVM12:`); null for the hypervisor itself. */
  readonly domain: number | null;
}

const XEN = "(XEN)";
/** Loggers put their own time and host name before the console's text. */
const LOGGER_PREFIX = 64;
/** `[seconds.micros]`, `[date time]`, a raw time-stamp counter in hexadecimal. */
const TIMESTAMP =
  /^\[ {0,12}(?:\d{1,12}\.\d{1,9}|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[ +-]{1,2}[\dA-Z:]{1,6})?|[0-9a-f]{8,16})\] ?/i;
const GUEST = /^(?:\(d(\d{1,5})\)|HVM(\d{1,5}):) ?/;

/** Takes off `(XEN)`, time stamps of any style and the guest's mark, in whatever order they stand (host-inputs.md 7). */
export function stripLogPrefix(raw: string): LogLine {
  const logger = raw.slice(0, LOGGER_PREFIX).search(/\(XEN\)|\(d\d{1,5}\) /);
  let text = (logger > 0 ? raw.slice(logger) : raw).trim();
  let hypervisor = false;
  let domain: number | null = null;
  // A guest may print a hypervisor's prefix; what follows its mark is its own.
  for (let i = 0; i < 6 && domain === null; i++) {
    const guest = GUEST.exec(text);
    if (text.startsWith(XEN)) {
      hypervisor = true;
      text = text.slice(XEN.length).trimStart();
    } else if (guest !== null) {
      domain = Number(guest[1] ?? guest[2]);
      text = text.slice(guest[0].length);
    } else {
      const rest = text.replace(TIMESTAMP, "");
      if (rest === text) break;
      text = rest.trimStart();
    }
  }
  return { text: domain === null ? text : text.replace(TIMESTAMP, ""), hypervisor, domain };
}
