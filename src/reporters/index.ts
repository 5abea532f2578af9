// Written by test/registry.test.ts from the files of this folder: do not edit.
import type { Reporter } from './types.ts';

export const reporters: Readonly<Record<string, () => Promise<{ readonly default: Reporter }>>> = {
  azure: () => import('./azure.ts'),
  buildkite: () => import('./buildkite.ts'),
  checkstyle: () => import('./checkstyle.ts'),
  github: () => import('./github.ts'),
  gitlab: () => import('./gitlab.ts'),
  'gitlab-section': () => import('./gitlab-section.ts'),
  html: () => import('./html.ts'),
  json: () => import('./json.ts'),
  junit: () => import('./junit.ts'),
  markdown: () => import('./markdown.ts'),
  openmetrics: () => import('./openmetrics.ts'),
  otlp: () => import('./otlp.ts'),
  sarif: () => import('./sarif.ts'),
  terminal: () => import('./terminal.ts'),
};
