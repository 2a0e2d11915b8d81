import type { GuestDevice } from "./guest-device.ts";
import { type PlatformCode, reasonOf } from "./reasons.ts";
import { has, type ReleaseNumber } from "./release.ts";

export type GuestKernel = "linux<6.15" | "linux>=6.15" | "windows" | "freebsd" | "unknown";

export interface BootInput {
  readonly release: ReleaseNumber;
  readonly guestKernel: GuestKernel;
  readonly device: Pick<GuestDevice, "bars" | "rom">;
  /** SR-IOV BARs that the guest sees in the physical function's capability. Default 0. */
  readonly sriovBars?: number;
}

/** One agent's part. Each add or delete covers every memory piece of the function. */
export interface BootStep {
  readonly who: "hvmloader" | "guest kernel";
  readonly adds: number;
  readonly deletes: number;
  readonly because: PlatformCode;
  readonly unverified?: true;
}

export interface BootMaps {
  readonly adds: number;
  readonly deletes: number;
  readonly steps: readonly BootStep[];
}

const REGISTERS = 6;

/** BAR registers that a kernel sizes: all six, less the upper halves of 64-bit BARs. */
export const registersExamined = (device: Pick<GuestDevice, "bars">): number =>
  Math.max(0, REGISTERS - device.bars.filter((bar) => bar.width === 64).length);

function step(who: BootStep["who"], adds: number, deletes: number, because: PlatformCode): BootStep {
  const open = reasonOf(because).unverified;
  return open === undefined ? { who, adds, deletes, because } : { who, adds, deletes, because, unverified: true };
}

function hvmloaderStep(release: ReleaseNumber, { bars, rom }: BootInput["device"]): BootStep {
  if (has(release, "decodeSwitchedOnOnce")) return step("hvmloader", 1, 0, "hvmloader-decode-once");
  const writes = Math.max(1, bars.length + (rom === null ? 0 : 1));
  return step("hvmloader", writes, writes - 1, "hvmloader-decode-early");
}

function kernelSteps({ guestKernel, device, sriovBars = 0 }: BootInput): readonly BootStep[] {
  const who = "guest kernel";
  if (guestKernel === "linux>=6.15") return [step(who, 1, 1, "linux-batched")];
  if (guestKernel === "windows") return [step(who, 2, 2, "windows-rebalance")];

  const examined = registersExamined(device);
  if (guestKernel === "freebsd") return [step(who, examined, examined, "freebsd-per-register")];
  const because = guestKernel === "unknown" ? "unknown-kernel" : "linux-per-register";
  const implemented = device.bars.length + (device.rom === null ? 0 : 1);
  const extra = examined + 1 - implemented;
  const steps = [step(who, implemented, implemented, because)];
  if (extra > 0) steps.push(step(who, extra, extra, "unimplemented-registers"));
  if (sriovBars > 0) steps.push(step(who, sriovBars, sriovBars, "linux-sriov"));
  return steps;
}

/**
 * How often one HVM boot enters and removes a passed-through function's memory pieces (guest-mmio-layout.md 5): from
 * hvmloader until the guest's kernel has enumerated the bus. Loading a driver adds none; each later reset one pair.
 */
export function bootMaps(input: BootInput): BootMaps {
  const steps = [hvmloaderStep(input.release, input.device), ...kernelSteps(input)];
  return {
    adds: steps.reduce((sum, s) => sum + s.adds, 0),
    deletes: steps.reduce((sum, s) => sum + s.deletes, 0),
    steps,
  };
}
