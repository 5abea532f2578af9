import type { LogParser } from '../src/events.ts';
import buildah from './buildah.ts';
import classic from './classic.ts';
import kaniko from './kaniko.ts';
import plain from './plain.ts';
import rawjson from './rawjson.ts';
import tty from './tty.ts';

/** In the order in which they are asked: the first that claims a line has it. */
export const parsers: readonly LogParser[] = [rawjson, plain, tty, classic, buildah, kaniko];
