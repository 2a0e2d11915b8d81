/** Numbers that Xen and its interface fix (xen-mapping.md 3.1 and 12.2). */
import { P2M_TYPES } from "../format/software-bits.ts";

/** Iterations of the mapping loop in one hypercall. */
export const LOOP_BUDGET = 64;
/** EPT refuses guest frames at or above this (48-bit guest physical addresses, in all releases); NPT's top table ends here. */
export const GFN_LIMIT = 2 ** 36;

/** A type by its name (P2M_TYPES). */
export type P2mTypeName = (typeof P2M_TYPES)[number];
/** The number that an entry's type field holds. */
export type P2mType = number;
export const TYPE = Object.fromEntries(P2M_TYPES.map((name, value) => [name, value])) as Record<P2mTypeName, P2mType>;

export const ACCESS_NAMES = ["n", "r", "w", "rw", "x", "rx", "wx", "rwx", "rx2rw", "n2rwx", "r_pw"] as const;
/** Access right of a P2M entry, an index into ACCESS_NAMES. */
export type Access = number;
export const ACCESS_RW: Access = 3;
/** The host P2M's default access, unless a memory-introspection tool changed it. */
export const ACCESS_RWX: Access = 7;

/** Types whose frames are RAM of the guest, so that the M2P holds a word for them. */
export const isRam = (type: P2mType): boolean =>
  type === TYPE.ram_rw || type === TYPE.ram_logdirty || type === TYPE.ram_ro || type === TYPE.ram_shared;

export const isGrantOrForeign = (type: P2mType): boolean =>
  type === TYPE.grant_map_rw || type === TYPE.grant_map_ro || type === TYPE.map_foreign;

/** Error numbers of the interface, as they are returned: negative. */
export const ERRNO = {
  EPERM: -1,
  ENOENT: -2,
  ESRCH: -3,
  EIO: -5,
  ENXIO: -6,
  E2BIG: -7,
  ENOMEM: -12,
  EFAULT: -14,
  EBUSY: -16,
  EEXIST: -17,
  ENODEV: -19,
  EINVAL: -22,
  EOPNOTSUPP: -95,
} as const;

/** "-EPERM" for -1; "-99" for a number without a name. */
export const errnoName = (value: number): string =>
  `-${Object.entries(ERRNO).find(([, number]) => number === value)?.[0] ?? -value}`;
