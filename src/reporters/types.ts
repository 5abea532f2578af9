import type { Report } from '../model.ts';

/** How the output will be looked at. */
export interface View {
  readonly color: boolean;
  readonly columns: number;
  /** Milliseconds since the epoch, for formats that say when they were made. Not given: it is asked for. */
  readonly now?: number;
}

/** One output format: one file in this folder. Pure: the caller writes. */
export interface Reporter {
  readonly id: string;
  readonly title: string;
  readonly extension: string;
  render(report: Report, view: View): string;
}
