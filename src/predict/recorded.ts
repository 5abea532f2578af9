/** The build before from the builder's own records, where nothing else remembers it. */
import path from 'node:path';
import type { Baseline } from '../baseline/model.ts';
import type { BuildCommand } from '../command/types.ts';
import { fetchRecords, listBuilds } from '../evidence/builder-records.ts';
import { buildxConfigFolder } from '../evidence/docker-client.ts';
import { readLocalBuild } from '../evidence/local-state.ts';
import { baselineOfRecord } from '../evidence/record-baseline.ts';
import type { Source } from '../gather/sources.ts';

/** How many builds on record are looked at. */
const MAX_LOOKED = 5;

/** @returns null where there are no records, or none of this Dockerfile and target that completed */
export async function findRecorded(command: BuildCommand, source: Source, context: string, salt: string): Promise<Baseline | null> {
  const options = command.builder === undefined ? {} : { builder: command.builder };
  try {
    const folder = buildxConfigFolder();
    const file = source.path ?? path.join(context, 'Dockerfile');
    const ours = (await listBuilds(options)).filter((listed) => {
      const local = readLocalBuild(folder, `${listed.builder}/${listed.node}/${listed.ref}`);
      return local && path.resolve(local.context) === context && path.resolve(context, local.dockerfile || 'Dockerfile') === file;
    });
    for (const record of await fetchRecords(
      ours.slice(0, MAX_LOOKED).map((l) => l.ref),
      options,
    ))
      if (record.status === 'completed' && (record.target ?? undefined) === command.target) return baselineOfRecord(record, salt) ?? null;
  } catch {
    // No docker, an old buildx: there is nothing on record.
  }
  return null;
}
