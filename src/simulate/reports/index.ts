import type { SimulationReporter } from './types.ts';

/** Loaded when asked for. */
export const simulationReporters: Readonly<Record<string, () => Promise<SimulationReporter>>> = {
  terminal: async () => (await import('./terminal.ts')).terminal,
  json: async () => ({ render: (report) => `${JSON.stringify(report, null, 2)}\n` }),
  markdown: async () => (await import('./markdown.ts')).markdown,
  html: async () => (await import('./html.ts')).html,
};
