import buildkite from './buildkite.ts';
import cloudBuild from './cloud-build.ts';
import type { Envelope } from './define.ts';
import github from './github.ts';
import gitlab from './gitlab.ts';
import label from './label.ts';
import timestamp from './timestamp.ts';

/** In the order in which they are taken off: a CI system's own wrapper first, then what stands within. */
export const envelopes: readonly Envelope[] = [gitlab, github, buildkite, cloudBuild, timestamp, label];
