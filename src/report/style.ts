/** How a report is dressed. The plain style changes nothing; a terminal's adds colour. */
export interface Style {
  /** Columns of the terminal; reports read well from 80 on. */
  readonly width: number;
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
}

const same = (text: string): string => text;

export const plainStyle = (width = 80): Style => ({ width, bold: same, dim: same, good: same, warn: same, bad: same });
