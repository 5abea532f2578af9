// Written by test/registry.test.ts from the files of this folder: do not edit.
import cacheMount from './cache-mount.ts';
import copyManifestsFirst from './copy-manifests-first.ts';
import dropNoCache from './drop-no-cache.ts';
import exportCache from './export-cache.ts';
import exportMax from './export-max.ts';
import fixCacheExport from './fix-cache-export.ts';
import fixCacheImport from './fix-cache-import.ts';
import fixedEpoch from './fixed-epoch.ts';
import ignoreFiles from './ignore-files.ts';
import joinApt from './join-apt.ts';
import matchCacheRefs from './match-cache-refs.ts';
import moveArgDown from './move-arg-down.ts';
import narrowCopy from './narrow-copy.ts';
import nativeBuilder from './native-builder.ts';
import pinBase from './pin-base.ts';
import pinRemoteSource from './pin-remote-source.ts';
import reproducibleArtefact from './reproducible-artefact.ts';
import sameModes from './same-modes.ts';
import splitApt from './split-apt.ts';
import splitStage from './split-stage.ts';
import systemPackagesFirst from './system-packages-first.ts';
import useBuildkit from './use-buildkit.ts';
import type { Advice } from './define.ts';

export const advice: readonly Advice[] = [
  cacheMount,
  copyManifestsFirst,
  dropNoCache,
  exportCache,
  exportMax,
  fixCacheExport,
  fixCacheImport,
  fixedEpoch,
  ignoreFiles,
  joinApt,
  matchCacheRefs,
  moveArgDown,
  narrowCopy,
  nativeBuilder,
  pinBase,
  pinRemoteSource,
  reproducibleArtefact,
  sameModes,
  splitApt,
  splitStage,
  systemPackagesFirst,
  useBuildkit,
];
