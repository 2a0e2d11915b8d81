import type { Bdf } from "./types.ts";

const BDF = /^(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}:([0-9a-f]{2})\.[0-7])$/i;

/**
 * `[DDDD:]BB:DD.F` as `dddd:bb:dd.f`, lower-case; null when it is none. Domains may be longer than four digits
 * (`10000:e1:00.0`, host-inputs.md 1.1); a missing one is 0.
 */
export function parseBdf(text: string): Bdf | null {
  const match = BDF.exec(text);
  if (match === null) return null;
  const domain = match[1] ?? "0";
  const rest = match[2]!;
  if (Number.parseInt(match[3]!, 16) > 0x1f) return null;
  return `${formatDomain(Number.parseInt(domain, 16))}:${rest.toLowerCase()}`;
}

const formatDomain = (domain: number): string => domain.toString(16).padStart(4, "0");

/** A normalised BDF's domain, and its routing id: bus, device and function as one 16-bit number. */
export function routingId(bdf: Bdf): { readonly domain: number; readonly id: number } {
  const [domain = "0", bus = "0", deviceAndFunction = "0.0"] = bdf.split(":");
  const [device = "0", fn = "0"] = deviceAndFunction.split(".");
  const id = Number.parseInt(bus, 16) * 256 + Number.parseInt(device, 16) * 8 + Number.parseInt(fn, 16);
  return { domain: Number.parseInt(domain, 16), id };
}

/** The BDF of a routing id, 0 to 0xffff; null outside. */
export function bdfOfRoutingId(domain: number, id: number): Bdf | null {
  if (!Number.isInteger(id) || id < 0 || id > 0xffff) return null;
  const byte = (n: number): string => n.toString(16).padStart(2, "0");
  return `${formatDomain(domain)}:${byte(id >>> 8)}:${byte((id >>> 3) & 0x1f)}.${id & 7}`;
}
