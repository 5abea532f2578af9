import type { SimulationReport } from '../model.ts';

/** How the output will be looked at. */
export interface View {
  readonly color: boolean;
  readonly columns: number;
}

/** One output format of a simulation. Pure: the caller writes. */
export interface SimulationReporter {
  render(report: SimulationReport, view: View): string;
}
