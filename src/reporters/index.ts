import type { Reporter } from './types.ts';

/** One line for each file of this folder (test/registry.test.ts checks it). Loaded when asked for: a JSON report never pays for tables. */
export const reporters: Readonly<Record<string, () => Promise<{ readonly default: Reporter }>>> = {
  azure: () => import('./azure.ts'),
  buildkite: () => import('./buildkite.ts'),
  checkstyle: () => import('./checkstyle.ts'),
  github: () => import('./github.ts'),
  gitlab: () => import('./gitlab.ts'),
  html: () => import('./html.ts'),
  json: () => import('./json.ts'),
  junit: () => import('./junit.ts'),
  markdown: () => import('./markdown.ts'),
  openmetrics: () => import('./openmetrics.ts'),
  otlp: () => import('./otlp.ts'),
  sarif: () => import('./sarif.ts'),
  terminal: () => import('./terminal.ts'),
};
