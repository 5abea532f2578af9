import path from 'node:path';
import type { ContextListing } from '../context/types.ts';
import type { Rewrites, RewriteWish } from '../fix/advise.ts';
import { addCacheMounts, CACHE_MOUNT } from '../fix/cache-mount.ts';
import { unifiedDiff } from '../fix/diff.ts';
import { PIN_BASE, pinBases } from '../fix/pin-base.ts';
import { proposeFixes } from '../fix/propose.ts';
import { type Change, proveFix } from '../fix/prove.ts';
import type { StepKeys } from '../keys/model.ts';
import { liesIn, readPlainText } from '../machine/plain-file.ts';

/** What the rewrites are proven with; null: there is no build before. */
export interface Grounds {
  readonly before: ContextListing | null;
  readonly shape: Change['shape'];
  /** Keys by step of the log. */
  readonly steps: ReadonlyMap<string, StepKeys>;
}

/** Rewrites of a Dockerfile and its ignore file, with what of this build they would have saved. */
export function proposeRewrites(
  dockerfile: string,
  file: string,
  context: string,
  listing: ContextListing,
  grounds: Grounds,
  wish: RewriteWish,
): Rewrites {
  // What is in these files may stand in the report: none outside of the context, wherever links lead.
  const read = (name: string): string | null => (liesIn([context], name) ? readPlainText(name, 1024 * 1024) : null);
  const inside = path.relative(context, file).split(path.sep).join('/');
  const own = `${inside}.dockerignore`;
  const ignorePath = !inside.startsWith('..') && read(path.join(context, own)) !== null ? own : '.dockerignore';
  const ignore = read(path.join(context, ignorePath));
  const { fixes, refused } = proposeFixes({
    dockerfile,
    ...(!inside.startsWith('..') && { dockerfilePath: inside }),
    ignore: ignore ?? '',
    ignorePath,
    ignoreExists: ignore !== null,
    listing,
    readFile: (name) => read(path.join(context, name)),
    ...(grounds.shape.target !== undefined && { target: grounds.shape.target }),
    volatile: wish.args,
    costly: wish.paths,
  });
  const { before } = grounds;
  const missed = new Map(wish.missed.flatMap((id) => (grounds.steps.has(id) ? [[id, grounds.steps.get(id)!] as const] : [])));
  const named = inside.startsWith('..') ? 'Dockerfile' : inside;
  const mounted = addCacheMounts(dockerfile);
  const edits: Rewrites['fixes'] = [
    {
      id: CACHE_MOUNT,
      title: 'Keep downloads in a cache mount',
      patch: unifiedDiff(named, dockerfile, mounted.text),
      keeps: ['the same commands run; the image no longer holds the download cache'],
      unverified: ['that the cache lies there, and that nothing reads it in the image'],
      remains: null,
      proof: 'it changes the RUN once, and saves downloads of later builds on this builder: nothing in this one',
    },
    {
      id: PIN_BASE,
      title: 'Pin the base image by digest',
      patch: unifiedDiff(named, dockerfile, pinBases(dockerfile, wish.bases)),
      keeps: [],
      unverified: [],
      remains: null,
      proof:
        'it is the image that this build used: a name is in no cache key, so the pin itself rebuilds nothing that does not copy the Dockerfile',
    },
  ];
  return {
    fixes: [
      ...edits.filter((e) => e.patch !== ''),
      ...fixes.map((f) => ({
        id: f.id,
        title: f.title,
        patch: f.patch,
        keeps: f.keeps,
        unverified: f.unverified,
        ...(f.changesImage !== undefined && { changesImage: f.changesImage }),
        remains: before && proveFix(f, dockerfile, { before, now: listing, args: wish.args, shape: grounds.shape }, missed),
      })),
    ],
    refused: [...refused, ...mounted.refused.map((reason) => ({ id: CACHE_MOUNT, reason }))].map(({ id, reason }) => ({ id, reason })),
  };
}
