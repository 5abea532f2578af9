/**
 * What the client noted of each build it started: `refs/BUILDER/NODE/ID` in buildx's folder, a small JSON file written as the build
 * starts (docker/buildx localstate). It tells which builds are ours, where their context lies and which of them belong together.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { asObject, asString, parseJson } from '../json.ts';

export interface LocalBuild {
  readonly builder: string;
  readonly node: string;
  readonly ref: string;
  /** When the build started, milliseconds since 1970. */
  readonly started: number;
  /** Absolute path of the context's folder, or a URL, or empty. */
  readonly context: string;
  /** Absolute path; empty: `Dockerfile` in the context. */
  readonly dockerfile: string;
  /** bake's name for it; `default` for a plain build. */
  readonly target: string;
  /** The bake or compose call that it was part of. */
  readonly group: string | null;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** All builds that have a file, as `BUILDER/NODE/ID`, unread: thousands cost some milliseconds. */
export function listLocalRefs(buildxFolder: string): Set<string> {
  const refs = new Set<string>();
  const root = path.join(buildxFolder, 'refs');
  for (const builder of namesIn(root)) {
    if (builder === '__group__') continue;
    for (const node of namesIn(path.join(root, builder)))
      for (const ref of namesIn(path.join(root, builder, node))) refs.add(`${builder}/${node}/${ref}`);
  }
  return refs;
}

/** @param ref `BUILDER/NODE/ID` @returns undefined where there is no such file or it is not whole */
export function readLocalBuild(buildxFolder: string, ref: string): LocalBuild | undefined {
  const [builder, node, id] = ref.split('/');
  if (!builder || !node || !id || id.includes('..')) return undefined;
  const file = path.join(buildxFolder, 'refs', builder, node, id);
  try {
    const state = asObject(parseJson(readFileSync(file, 'utf8')));
    const context = asString(state.LocalPath);
    if (context === null) return undefined;
    return {
      builder,
      node,
      ref: id,
      started: statSync(file).mtimeMs,
      context,
      dockerfile: asString(state.DockerfilePath) ?? '',
      target: asString(state.Target) ?? '',
      group: asString(state.GroupRef),
    };
  } catch {
    return undefined;
  }
}

/** The driver of a builder as buildx knows it; a builder that it did not create is a docker context's own. */
export function readDriver(buildxFolder: string, builder: string): string {
  if (!/^[\w.-]+$/.test(builder)) return '';
  try {
    const instance = asObject(parseJson(readFileSync(path.join(buildxFolder, 'instances', builder), 'utf8')));
    return asString(instance.Driver) ?? '';
  } catch {
    return 'docker';
  }
}
