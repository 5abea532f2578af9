import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ContextListing } from '../context/types.ts';
import type { Rewrite } from '../diagnose.ts';
import { proposeFixes } from '../fix/propose.ts';

/** Rewrites of a Dockerfile and its ignore file, by id of the advice they carry out. */
export function proposeRewrites(dockerfile: string, file: string, context: string, listing: ContextListing): Map<string, Rewrite> {
  const read = (name: string): string | null => {
    try {
      return statSync(name).size > 1024 * 1024 ? null : readFileSync(name, 'utf8');
    } catch {
      return null;
    }
  };
  const inside = path.relative(context, file).split(path.sep).join('/');
  const own = `${inside}.dockerignore`;
  const ignorePath = !inside.startsWith('..') && read(path.join(context, own)) !== null ? own : '.dockerignore';
  const { fixes } = proposeFixes({
    dockerfile,
    ...(!inside.startsWith('..') && { dockerfilePath: inside }),
    ignore: read(path.join(context, ignorePath)) ?? '',
    ignorePath,
    listing,
    readFile: (name) => read(path.join(context, name)),
  });
  return new Map(fixes.map((f) => [f.id, { patch: f.patch, keeps: f.keeps, unverified: f.unverified }]));
}
