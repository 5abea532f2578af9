/** Looks at build contexts while their builds run. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { takeSnapshotInBackground } from '../context/snapshot.ts';
import type { ContextListing } from '../context/types.ts';

export interface Snapshots {
  /** Begins to read a context, if that was not done yet. Folders only; anything else is passed over. */
  start(root: string, dockerfile: string | null): void;
  /** @returns the listing, or why there is none; waits at most until `deadline` (see `performance.now`) */
  get(root: string, dockerfile: string | null, deadline: number): Promise<ContextListing | string>;
  stop(): void;
}

/**
 * @param cacheDir where scans are kept between runs
 * @param unchangedSince a listing made after the build is only good for it if no file was changed since this time (milliseconds since 1970)
 */
export function createSnapshots(cacheDir: string | undefined, unchangedSince?: number): Snapshots {
  const running = new Map<string, Promise<ContextListing | string>>();
  const controller = new AbortController();
  const start = (root: string, dockerfile: string | null): Promise<ContextListing | string> => {
    const key = `${root}\0${ownIgnoreFile(dockerfile)}`;
    let taken = running.get(key);
    if (!taken) {
      taken = takeSnapshotInBackground(
        { root, ...(dockerfile !== null && { dockerfile }), ...(cacheDir !== undefined && { cacheDir }) },
        controller.signal,
      ).then(
        (snapshot) => {
          if (unchangedSince !== undefined && [...snapshot.mtimes().values()].some((time) => time > unchangedSince))
            return `Files of the build context ${root} were changed while it was being built: which of them it saw is not known.`;
          return snapshot.listing;
        },
        (error: unknown) =>
          `The build context ${root} could not be read: ${error instanceof Error ? error.message.split('\n')[0] : 'unknown'}`,
      );
      running.set(key, taken);
    }
    return taken;
  };
  return {
    start: (root, dockerfile) => {
      if (existsSync(root)) void start(root, dockerfile);
    },
    get: (root, dockerfile, deadline) => {
      const late = new Promise<string>((resolve) => {
        const timer = setTimeout(
          () => resolve(`The build context ${root} could not be read in time: which of its files changed is not known.`),
          Math.max(0, deadline - performance.now()),
        );
        timer.unref();
      });
      return Promise.race([start(root, dockerfile), late]);
    },
    stop: () => controller.abort(),
  };
}

/** `app.Dockerfile.dockerignore` counts instead of `.dockerignore`; without it all Dockerfiles of a context share a listing. */
function ownIgnoreFile(dockerfile: string | null): string {
  if (dockerfile === null) return '';
  const own = `${path.resolve(dockerfile)}.dockerignore`;
  return existsSync(own) ? own : '';
}
