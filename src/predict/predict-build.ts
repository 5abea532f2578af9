/** `cachewhy predict -- docker build …`: what a build would reuse and run, and why, without building. */
import path from 'node:path';
import { baselineFile } from '../baseline/folder.ts';
import type { Baseline } from '../baseline/model.ts';
import { newSalt } from '../baseline/store.ts';
import { maskCommand, parseArgv } from '../command/parse.ts';
import type { BuildCommand } from '../command/types.ts';
import type { ContextListing } from '../context/types.ts';
import { chooseReports, deliver } from '../deliver.ts';
import { dictionary } from '../dictionary.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import { UserError } from '../errors.ts';
import { namedImages, readContext, readNamedContexts } from '../gather/contexts.ts';
import { findBaseline, keyOptions, projectOf } from '../gather/known.ts';
import { completeProtected } from '../gather/protected-keys.ts';
import { findContext, findDockerfile, type Source } from '../gather/sources.ts';
import { triggersOf } from '../gather/triggers.ts';
import { createBuildLog } from '../graph/log.ts';
import { draftKeys } from '../keys/compute.ts';
import { diffBuilds, type ImageDigests } from '../keys/diff.ts';
import type { BuildKeys, KeyInput } from '../keys/model.ts';
import { cacheFolder } from '../machine/cache-folder.ts';
import type { BuildReport, Foreseen as Foretold, Report } from '../model.ts';
import type { DiagnosisOptions } from '../options.ts';
import { diagnoseOne, exitStatus, withBudgets } from '../session.ts';
import { VERSION } from '../version.ts';
import { type Foreseen, foresee } from './foresee.ts';
import { writeForeseen } from './foreseen-log.ts';

export interface PredictOptions extends DiagnosisOptions {
  readonly assumeIdentical: readonly string[];
  /** The builder has nothing of its own, as a runner that forgets. */
  readonly cold: boolean;
}

/**
 * @returns the exit status: 0, or 3 where a budget would be broken
 * @throws UserError where the command is no build of a folder, or nothing is known of an earlier build
 */
export async function predictBuild(argv: readonly string[], options: PredictOptions): Promise<number> {
  const formats = chooseReports(options.format);
  const build = await foreseeBuild(argv, options);
  const report: Report = withBudgets({ schemaVersion: 1, generator: { name: 'cachewhy', version: VERSION }, builds: [build] }, options);
  await deliver(report, formats, { color: options.color });
  return exitStatus(report);
}

async function foreseeBuild(argv: readonly string[], options: PredictOptions): Promise<BuildReport> {
  const command = readCommand(argv);
  const cwd = process.cwd();
  const base = command.cwd === undefined ? cwd : path.resolve(cwd, command.cwd);
  const context = findContext(command, options, base, cwd);
  if (context === null)
    throw new UserError('the build context is no folder here', 'predict reads the files that would be built: name their folder');
  const source = findDockerfile(createBuildLog('rawjson', 1), command, options, base, context);
  if (!source) throw new UserError(`there is no Dockerfile in ${context}`, 'name it with -f, as for docker build');
  const notes: string[] = [];
  const before = await findEarlier(command, source, context, options, notes);
  const folder = cacheFolder();
  const listing = asTheBuilderHasIt(readContext(context, source.path, folder, notes), before?.listing ?? null);
  const named = readNamedContexts(command, base, folder, notes);
  const input: KeyInput = {
    dockerfile: parseDockerfile(source.text, source.name),
    ...keyOptions(command),
    platforms: samePlatforms(command.platforms, before),
    buildArgs: command.buildArgs,
    argsKnown: true,
    ...(before && { images: triggersOf(before.keys) }),
    context: listing,
    namedContexts: { ...namedImages(command, { steps: new Map() }), ...named },
  };
  const { keys } = completeProtected(draftKeys(input), input, before?.salt ?? newSalt());
  const imported =
    command.cacheFrom.length > 0 && !command.noCache
      ? await (await import('./imported.ts')).findImported({ command, base, context, listing, input, keys, notes })
      : null;
  if (!before && !imported && !options.cold) throw nothingKnown();
  const images = imagesOf(keys, before);
  const state = { keys, listing, named, images };
  const compared = before && diffBuilds({ keys: before.keys, listing: before.listing, named: before.named, images: before.images }, state);
  const foreseen = foresee(keys, command, {
    before: options.cold ? null : before,
    partnerOf: (id) => before?.steps[compared?.get(id)?.before?.id ?? ''] ?? null,
    imported,
    identical: options.assumeIdentical,
  });
  const { log, vertexOf } = writeForeseen(keys, foreseen, images);
  const given = { dockerfile: source, listing, named, ...(before && { previous: before }), foreseen: true };
  const text = maskCommand(argv.join(' '));
  const { trend: _, seconds: __, ...report } = await diagnoseOne(log, { text, command }, { ...options, remember: false }, false, given);
  const foretold = foretell(foreseen, vertexOf, { before, imported: imported !== null, images, command }, options);
  const doubts = foretold.doubts.map(({ step, why }) => `${step} may come otherwise: ${why}.`);
  const granted = `Nothing was built. Taken for granted: ${foretold.assumptions.join('; ')}.`;
  return { ...report, seconds: null, notes: [...notes, ...report.notes, ...doubts, granted], foreseen: foretold };
}

/**
 * `--platform` with the builder's own platform says what no flag says. The builder is taken to run on a platform like this machine's.
 * @returns the platforms, in the form that the build before had them
 */
function samePlatforms(now: readonly string[], before: Baseline | null): readonly string[] {
  const own = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const isOwn = (list: readonly string[]): boolean => list.length === 0 || (list.length === 1 && list[0] === own);
  return before && isOwn(now) && isOwn(before.keys.platforms) ? before.keys.platforms : now;
}

/** A builder that has the context does not notice that a folder's mode changed: it keeps the one it has. */
function asTheBuilderHasIt(now: ContextListing | null, before: ContextListing | null): ContextListing | null {
  if (!now || !before) return now;
  const kept = [...now.entries.values()].flatMap((entry) => {
    const old = entry.type === 'dir' ? before.entries.get(entry.path) : undefined;
    return old?.type === 'dir' && old.mode !== entry.mode ? [[entry.path, { ...entry, mode: old.mode }] as const] : [];
  });
  return kept.length === 0 ? now : { entries: new Map([...now.entries, ...kept]) };
}

function readCommand(argv: readonly string[]): BuildCommand {
  const commands = parseArgv(argv, process.env);
  const [command] = commands;
  if (!command)
    throw new UserError(`${maskCommand(argv.join(' ')).slice(0, 200)} is no build`, 'write: cachewhy predict -- docker build .');
  if (commands.length > 1 || command.tool === 'bake' || command.tool === 'compose')
    throw new UserError('predict looks at one build at a time', 'name the target: cachewhy predict -- docker build --target NAME .');
  return command;
}

/** The build before: a baseline, else what the builder has on record of it. */
async function findEarlier(
  command: BuildCommand,
  source: Source,
  context: string,
  options: PredictOptions,
  notes: string[],
): Promise<Baseline | null> {
  const folder = cacheFolder();
  const home = folder === undefined ? null : baselineFile(folder, projectOf(command, source, context));
  const { baseline, note } = await findBaseline(options.baseline, home);
  if (note) notes.push(note);
  if (baseline) return baseline;
  const recorded =
    options.baseline === undefined ? await (await import('./recorded.ts')).findRecorded(command, source, context, newSalt()) : null;
  if (recorded)
    notes.push(
      'The files of the build before are not on record: whatever reads the context may run, and a build through `cachewhy run` would tell.',
    );
  return recorded;
}

function nothingKnown(): UserError {
  return new UserError(
    'nothing is known of an earlier build of this Dockerfile and target',
    'build once with `cachewhy run -- docker build …`, name a baseline with --baseline, or a cache with --cache-from',
  );
}

/** Images are taken to be what they were: their registry is not asked. */
function imagesOf(keys: BuildKeys, before: Baseline | null): ImageDigests {
  const wanted = [
    ...keys.stages.flatMap((s) => (s.reachable && s.image !== null ? [s.image] : [])),
    ...keys.steps.flatMap((s) => s.reads.flatMap((r) => (r.kind === 'image' ? [r.image] : []))),
  ];
  return dictionary(Object.fromEntries(wanted.map((image) => [image, before?.images[image] ?? null])));
}

interface Grounds {
  readonly before: Baseline | null;
  /** An imported cache was read. */
  readonly imported: boolean;
  readonly images: ImageDigests;
  readonly command: BuildCommand;
}

function foretell(
  foreseen: readonly Foreseen[],
  vertexOf: ReadonlyMap<string, string>,
  { before, imported, images, command }: Grounds,
  options: PredictOptions,
): Foretold {
  const assumptions: string[] = [];
  if (options.cold || !before) assumptions.push(imported ? 'the builder has nothing of its own' : 'the builder is empty');
  else assumptions.push(`the builder still has the results of the build of ${before.savedAt}, and none of a later one`);
  if (imported)
    assumptions.push('the imported cache is as it was when it was asked just now: what it has was proved by the names of its records');
  const moving = Object.keys(images).filter((image) => !image.includes('@sha256:'));
  if (moving.length > 0 && before && !options.cold)
    assumptions.push(
      `${moving.join(', ')} ${moving.length === 1 ? 'is' : 'are'} as in that build${command.pull ? ', although --pull asks the registry' : ''}`,
    );
  const remote = foreseen.flatMap((f) => f.step.reads.flatMap((r) => (r.kind === 'remote' ? [r.url] : [])));
  if (remote.length > 0) assumptions.push(`${[...new Set(remote)].join(', ')} gives what it gave then`);
  if (options.assumeIdentical.length > 0)
    assumptions.push(
      `what ${options.assumeIdentical.includes('all') ? 'stages leave' : `${options.assumeIdentical.join(', ')} leaves`} stays the same`,
    );
  const doubts = new Map(foreseen.flatMap((f) => (f.doubt === null ? [] : [[vertexOf.get(f.step.id)!, f.doubt] as const])));
  return { against: before?.savedAt ?? null, assumptions, doubts: [...doubts].map(([step, why]) => ({ step, why })) };
}
