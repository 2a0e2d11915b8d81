import { hex } from "../../src/address.ts";
import type { ScriptOperation } from "../script.ts";
import {
  BAR,
  decrease,
  domain,
  G,
  map,
  permit,
  populate,
  QEMU,
  remove,
  revoke,
  type Scenario,
  unmap,
} from "./builders.ts";

/** Requests that are refused, by what is wrong with them. `width`: frames of the machine's address width. */
const errors = (width: number): ScriptOperation[] => [
  map(BAR, BAR, 512, { raw: true }),
  permit(4096),
  map(BAR, BAR, 0, { raw: true }),
  map(BAR, 0, 0, { raw: true }),
  { op: "memory_mapping", domain, gfn: hex(BAR), mfn: "0xfffffffffffffff0", pages: 32, add: true, raw: true },
  { op: "memory_mapping", domain, gfn: "0xfffffffffffffff0", mfn: hex(BAR), pages: 32, add: true, raw: true },
  map(BAR, width, 512, { raw: true }),
  map(BAR, width - 16, 32, { raw: true }),
  map(BAR, BAR + 4095, 2, { raw: true }),
  map(2 ** 36, BAR, 512, { raw: true }),
  map(2 ** 36 - 0x200, BAR, 1024, { raw: true }),
  map(2 ** 36 - 1, BAR + 1, 2, { raw: true }),
  map(2 ** 34, BAR, 512, { raw: true }),
  permit(1, 0xfee00),
  permit(0),
  unmap(BAR + 0x100000, BAR, 512, { raw: true }),
  map(BAR, BAR, 1024, { undoOnFailure: true }),
  map(BAR + 1024, BAR, 4097, { undoOnFailure: true }),
];

/** What is refused, and what was done until then. */
export const REFUSALS: readonly Scenario[] = [
  {
    name: "same-frame-twice",
    says: "mapped twice to the same frame, and again in other pieces",
    operations: [permit(), map(BAR, BAR, 2048), map(BAR, BAR, 2048), map(BAR + 0x10, BAR + 0x10, 7)],
  },
  {
    name: "another-frame",
    says: "mapped to another frame: refused, the domain crashed; later calls still work",
    operations: [
      permit(),
      map(BAR, BAR, 2048),
      map(BAR + 0x200, BAR + 0x400, 512, { undoOnFailure: true }),
      map(BAR + 0x2000, BAR + 0x2000, 512),
    ],
  },
  {
    name: "conflict-in-the-middle",
    says: "a conflict in the middle of a range",
    operations: [permit(), map(BAR + 0x600, BAR + 0x800, 512), map(BAR, BAR, 4096, { undoOnFailure: true })],
  },
  {
    name: "errors",
    says: "requests that are refused, by what is wrong with them",
    on: QEMU,
    operations: errors(2 ** 34),
  },
  {
    name: "errors-40-bits",
    says: "the same on the processor with 40 address bits",
    on: ["ept"],
    operations: errors(2 ** 28),
  },
  {
    name: "permission-revoked",
    says: "permission revoked in the middle of what is mapped: neither mapping nor removing goes on",
    operations: [
      permit(),
      map(BAR, BAR, 2048),
      revoke(BAR + 0x300, 1),
      unmap(BAR, BAR, 2048),
      unmap(BAR, BAR, 512),
      map(BAR + 0x800, BAR + 0x800, 64),
    ],
  },
  {
    name: "permission-grows",
    says: "a revocation that begins in a gap: up to 4.17 the permission before the gap grows, and what lies there can be mapped",
    operations: [
      permit(512),
      permit(512, BAR + 1024),
      revoke(BAR + 768, 512),
      map(BAR, BAR + 512, 256),
      map(BAR + 512, BAR + 768, 1),
    ],
  },
  {
    name: "max-calls",
    says: "stopped after some calls, and single calls with their positive counts",
    operations: [
      permit(),
      map(BAR, BAR + 1, 500, { maxCalls: 3 }),
      map(BAR + 0x400, BAR + 0x400, G, { raw: true }),
      map(BAR + 0x1ff, BAR + 0x200, 64, { raw: true }),
    ],
  },
  {
    name: "destroyed",
    says: "requests to a domain that is gone",
    operations: [
      permit(),
      map(BAR, BAR, 512),
      { op: "destroy", domain },
      map(BAR, BAR, 512),
      populate(0, 0),
      decrease(0),
      remove(0),
      permit(),
    ],
  },
];
