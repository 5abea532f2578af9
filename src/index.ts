/** The library: read a log, diagnose its builds, render a report. The command line adds only what touches files and processes. */
export { type Comparison, type Diagnosis, diagnose, type Evidence } from './diagnose.ts';
export { UserError } from './errors.ts';
export type { BuildLog } from './graph/log.ts';
export { createLogReader, type LogReader, type ReadResult } from './input/reader.ts';
export { readLogStream } from './input/stream.ts';
export type * from './model.ts';
export { reporters } from './reporters/index.ts';
export type { Reporter, View } from './reporters/types.ts';
