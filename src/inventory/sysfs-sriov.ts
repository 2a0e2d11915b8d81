import { parseBdf, routingId } from "./bdf.ts";
import type { NoteList } from "./note-list.ts";
import { type DeviceDirectory, decimalAttribute } from "./sysfs-directory.ts";
import type { Resources } from "./sysfs-resource.ts";
import type { Bar, Sriov } from "./types.ts";

/**
 * SR-IOV of a physical function: counts from `sriov_totalvfs` and `sriov_numvfs`, where the VFs are from the capability,
 * else from the `virtfnN` links; a VF BAR's slice is its resource's length divided by Total VFs (host-inputs.md 1.5 and
 * 3, guest-mmio-layout.md 11). null where there is no SR-IOV.
 */
export function readSysfsSriov(
  dir: DeviceDirectory,
  resources: Resources,
  config: Sriov | null,
  notes: NoteList,
): Sriov | null {
  const totalVfs = decimalAttribute(dir, "sriov_totalvfs") ?? config?.totalVfs ?? 0;
  if (totalVfs <= 0) return null;
  const slices = resources.vfBars.map((bar) => slice(bar, totalVfs, notes));
  const placed = config ?? placesFromLinks(dir);
  return {
    ...placed,
    totalVfs,
    numVfs: decimalAttribute(dir, "sriov_numvfs") ?? config?.numVfs ?? 0,
    bars: slices.length > 0 ? slices : (config?.bars ?? []),
  };
}

function slice(bar: Bar, totalVfs: number, notes: NoteList): Bar {
  const size = (bar.size ?? 0) / totalVfs;
  if (Number.isInteger(size)) return { ...bar, size };
  notes.add("unread", `the length of VF BAR ${bar.index} is no multiple of ${totalVfs} VFs`, bar.from);
  return { ...bar, size: null };
}

/** The first two VFs' routing ids give the offset and the stride; both are 0 where no VF exists. */
function placesFromLinks(dir: DeviceDirectory): Pick<Sriov, "firstVfOffset" | "vfStride"> {
  const own = routingId(dir.bdf).id;
  const idOf = (n: number): number | null => {
    const vf = parseBdf(dir.link(`virtfn${n}`) ?? "");
    return vf === null ? null : routingId(vf).id;
  };
  const [first, second] = [idOf(0), idOf(1)];
  return {
    firstVfOffset: first === null ? 0 : first - own,
    vfStride: first === null || second === null ? 0 : second - first,
  };
}
