// Written by test/registry.test.ts from the files of this folder: do not edit.
import cacheMount from './cache-mount.ts';
import copyManifestsFirst from './copy-manifests-first.ts';
import dropNoCache from './drop-no-cache.ts';
import fixCacheImport from './fix-cache-import.ts';
import fixedEpoch from './fixed-epoch.ts';
import ignoreFiles from './ignore-files.ts';
import moveArgDown from './move-arg-down.ts';
import pinBase from './pin-base.ts';
import pinRemoteSource from './pin-remote-source.ts';
import sameModes from './same-modes.ts';
import systemPackagesFirst from './system-packages-first.ts';
import useBuildkit from './use-buildkit.ts';
import type { Advice } from './define.ts';

export const advice: readonly Advice[] = [
  cacheMount,
  copyManifestsFirst,
  dropNoCache,
  fixCacheImport,
  fixedEpoch,
  ignoreFiles,
  moveArgDown,
  pinBase,
  pinRemoteSource,
  sameModes,
  systemPackagesFirst,
  useBuildkit,
];
