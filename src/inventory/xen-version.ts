/** A release from `xl info`'s three parts; extra starts with `.` or `-`, or is a vendor's text (host-inputs.md 6). */
export const releaseText = (major: string, minor: string, extra: string): string =>
  `${major}.${minor}${extra === "" || /^[.-]/.test(extra) ? "" : "-"}${extra}`;

/** Major and minor of `4.17.3-pre`, `4.11`, `4.17.5-18`; undefined for what does not start so. */
export function majorMinor(release: string): readonly [number, number] | undefined {
  const match = /^(\d{1,4})\.(\d{1,4})(?!\d)/.exec(release);
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}

/** Whether a release is major.minor or later; false for unreadable ones. */
export function atLeast(release: string, major: number, minor: number): boolean {
  const [a, b] = majorMinor(release) ?? [0, 0];
  return a > major || (a === major && b >= minor);
}
