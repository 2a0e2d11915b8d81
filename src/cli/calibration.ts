import type { Command } from "commander";
import { type Calibration, readCalibration } from "../plan/index.ts";
import { UsageError } from "./failure.ts";
import { readJson } from "./inputs.ts";

/** Add `--calibration`: costs measured on a host instead of the shipped ones. */
export const addCalibration = (command: Command): Command =>
  command.option(
    "--calibration <FILE>",
    "costs measured on your host (physmap trace LOG --calibrate FILE writes them)",
  );

/** The calibration that was asked for, as an option of plan and compare. Throws UsageError that names the file. */
export function calibrationOption(path: string | undefined): { readonly calibration?: Calibration } {
  if (path === undefined) return {};
  const calibration = readCalibration(readJson(path));
  if (typeof calibration === "string") throw new UsageError(`${path}: ${calibration}`);
  return { calibration };
}
