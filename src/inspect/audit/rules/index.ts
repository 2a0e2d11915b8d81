import type { Rule } from "../rule.ts";
import { barHalfMapped } from "./bar-half-mapped.ts";
import { contiguityMarker, contiguityMarkerLow } from "./contiguity-marker.ts";
import { deviceWriteBack, executableDevice } from "./device-memory.ts";
import { eptMisconfigured } from "./ept-misconfigured.ts";
import { deviceTwoDomains, frameAliased, frameTwoDomains, hostReachesGuest } from "./frame-owners.ts";
import { interruptWindow } from "./interrupt-window.ts";
import { iommuExtra, iommuFrame, iommuLacksRights, iommuMissing, iommuWrites } from "./iommu-agrees.ts";
import { iommuReachesBeyond } from "./iommu-reaches-beyond.ts";
import { levelSkipped } from "./level-skipped.ts";
import { hostMapsTables, mapsHypervisor, mapsTables } from "./maps-tables.ts";
import { mmioMarker } from "./mmio-marker.ts";
import { nptSupervisor } from "./npt-supervisor.ts";
import { oneBitOff } from "./one-bit-off.ts";
import { recalculationPending } from "./recalculation-pending.ts";
import { replicasDiffer } from "./replicas-differ.ts";
import { reservedBits } from "./reserved-bits.ts";
import { superpageMissed } from "./superpage-missed.ts";
import { tableCycle, tableOutside, tableShared } from "./table-pointers.ts";
import { tableRights } from "./table-rights.ts";
import { typeContradicts } from "./type-contradicts.ts";

/** Every rule, worst first. */
export const RULES: readonly Rule[] = [
  reservedBits,
  eptMisconfigured,
  nptSupervisor,
  tableOutside,
  tableShared,
  tableCycle,
  replicasDiffer,
  mapsTables,
  mapsHypervisor,
  iommuFrame,
  iommuWrites,
  iommuExtra,
  iommuReachesBeyond,
  frameTwoDomains,
  contiguityMarker,
  tableRights,
  typeContradicts,
  oneBitOff,
  iommuLacksRights,
  iommuMissing,
  frameAliased,
  hostReachesGuest,
  hostMapsTables,
  deviceWriteBack,
  barHalfMapped,
  superpageMissed,
  executableDevice,
  deviceTwoDomains,
  recalculationPending,
  mmioMarker,
  contiguityMarkerLow,
  levelSkipped,
  interruptWindow,
];
