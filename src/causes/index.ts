// Written by test/registry.test.ts from the files of this folder: do not edit.
import baseImageChanged from './base-image-changed.ts';
import buildArgChanged from './build-arg-changed.ts';
import buildFlagChanged from './build-flag-changed.ts';
import cacheImportFailed from './cache-import-failed.ts';
import cacheImportPartial from './cache-import-partial.ts';
import coldCache from './cold-cache.ts';
import contextFilesChanged from './context-files-changed.ts';
import envChanged from './env-changed.ts';
import frontendChanged from './frontend-changed.ts';
import instructionAdded from './instruction-added.ts';
import instructionChanged from './instruction-changed.ts';
import instructionMoved from './instruction-moved.ts';
import namedContextChanged from './named-context-changed.ts';
import noCacheFlag from './no-cache-flag.ts';
import notBuiltBefore from './not-built-before.ts';
import platformChanged from './platform-changed.ts';
import remoteSourceChanged from './remote-source-changed.ts';
import stageOutputChanged from './stage-output-changed.ts';
import unexplained from './unexplained.ts';
import type { Cause } from './define.ts';

export const causes: readonly Cause[] = [
  baseImageChanged,
  buildArgChanged,
  buildFlagChanged,
  cacheImportFailed,
  cacheImportPartial,
  coldCache,
  contextFilesChanged,
  envChanged,
  frontendChanged,
  instructionAdded,
  instructionChanged,
  instructionMoved,
  namedContextChanged,
  noCacheFlag,
  notBuiltBefore,
  platformChanged,
  remoteSourceChanged,
  stageOutputChanged,
  unexplained,
];
