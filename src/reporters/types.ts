import type { Report } from '../model.ts';

/** How the output will be looked at. */
export interface View {
  readonly color: boolean;
  readonly columns: number;
}

/** One output format: one file in this folder. Pure: the caller writes. */
export interface Reporter {
  readonly id: string;
  readonly title: string;
  readonly extension: string;
  render(report: Report, view: View): string;
}
