// Written by test/registry.test.ts from the files of this folder: do not edit.
import cacheMount from './cache-mount.ts';
import copyManifestsFirst from './copy-manifests-first.ts';
import dropNoCache from './drop-no-cache.ts';
import fixCacheImport from './fix-cache-import.ts';
import fixedEpoch from './fixed-epoch.ts';
import ignoreFiles from './ignore-files.ts';
import joinApt from './join-apt.ts';
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
  fixCacheImport,
  fixedEpoch,
  ignoreFiles,
  joinApt,
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
