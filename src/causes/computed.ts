/** Differences of ingredients, as causes. */

import type { Compared, Difference } from '../keys/diff.ts';
import { PLATFORM_ARGS } from '../keys/diff-ingredients.ts';
import type { CauseReport, PathChange } from '../model.ts';
import { clip } from '../text.ts';
import type { Finding } from './define.ts';

/** More paths than these are counted, not listed. */
const MAX_PATHS = 200;

/** @param where what the comparison was made with: "the build before" */
export function causesOf(compared: Compared, where: string): Finding[] {
  const findings: Finding[] = [];
  for (const [i, difference] of joinFiles(compared.differences).entries()) {
    const report = causeOf(difference, where, compared.before?.instruction ?? null);
    if (!findings.some((f) => f.kind === report.kind && f.name === report.name))
      findings.push({ ...report, weight: rank(difference) - i / 1000 });
  }
  const ofPlatform = compared.differences.find(
    (d) => d.kind === 'arg' && PLATFORM_ARGS.has(d.name) && d.before !== null && d.after !== null,
  );
  if (ofPlatform?.kind === 'arg' && !findings.some((f) => f.kind === 'platform-changed')) findings.push(platformBehind(ofPlatform));
  return findings.sort((a, b) => b.weight - a.weight);
}

/** TARGETARCH follows the platform, unless somebody gives it a value. */
function platformBehind({
  name,
  before,
  after,
}: {
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
}): Finding {
  return {
    kind: 'platform-changed',
    confidence: 'likely',
    weight: 0.5,
    summary: `The platform changed from ${show(before)} to ${show(after)}`,
    because: [`${name} has another value than before, and the builder sets it from the platform where no --build-arg does`],
    before,
    after,
  };
}

/** A RUN with several bind mounts reads a context more than once: its files are one cause. */
function joinFiles(differences: readonly Difference[]): Difference[] {
  const joined: Difference[] = [];
  for (const d of differences) {
    const at = d.kind === 'files' ? joined.findIndex((it) => it.kind === 'files' && it.context === d.context) : -1;
    const first = joined[at];
    if (d.kind !== 'files' || first?.kind !== 'files') joined.push(d);
    else joined[at] = { ...first, paths: [...first.paths, ...d.paths.filter((p) => !first.paths.some((it) => it.path === p.path))] };
  }
  return joined;
}

/** Several things may differ at once: what the step itself says comes first, then what stands above it. */
function rank(d: Difference): number {
  const order: readonly Difference['kind'][] = ['edited', 'added', 'moved', 'files', 'image', 'arg', 'env', 'flag', 'platform', 'setting'];
  return 1 - order.indexOf(d.kind) / 20;
}

/** @param instruction of the step: RUN, COPY, …; null where it is new */
function causeOf(d: Difference, where: string, instruction: string | null): CauseReport {
  const certain = { confidence: 'certain' as const };
  switch (d.kind) {
    case 'edited':
      return {
        kind: 'instruction-changed',
        ...certain,
        summary: 'The instruction was edited',
        because: [`its text differs from that of ${where}: it was \`${clip(d.before, 120)}\``],
        before: d.before,
        after: d.after,
      };
    case 'added':
      return {
        kind: 'instruction-added',
        ...certain,
        summary: 'The instruction is new',
        because: [`the Dockerfile of ${where} has no such line`],
        before: null,
        after: d.after,
      };
    case 'moved':
      return {
        kind: 'instruction-moved',
        ...certain,
        summary:
          d.removed === null ? 'The instruction was moved to another place' : `The line above it was removed: \`${clip(d.removed, 120)}\``,
        because: [
          d.removed === null
            ? `the same line stood in another place in the Dockerfile of ${where}`
            : `in the Dockerfile of ${where} it stood below \`${clip(d.removed, 120)}\``,
        ],
        before: d.before,
        after: d.after,
      };
    case 'arg':
    case 'env': {
      const word = d.kind === 'arg' ? 'Build argument' : 'ENV';
      return {
        kind: d.kind === 'arg' ? 'build-arg-changed' : 'env-changed',
        ...certain,
        summary: d.reordered
          ? `${word} ${d.name} stands in another order than before`
          : isHidden(d.before) || isHidden(d.after)
            ? `${word} ${d.name} has another value (it looks like a secret and is not shown)`
            : `${word} ${d.name} changed from ${show(d.before)} to ${show(d.after)}`,
        because: [`${partOf(d, instruction)}, and its value differs from that of ${where}`],
        name: d.name,
        before: visible(d.before),
        after: visible(d.after),
      };
    }
    case 'flag':
      return {
        kind: 'build-flag-changed',
        ...certain,
        summary: `--${d.name} changed from ${show(d.before)} to ${show(d.after)}`,
        because: [`--${d.name} is part of the key of every RUN, and differs from ${where}`],
        name: d.name,
        before: d.before,
        after: d.after,
      };
    case 'setting':
      return {
        kind: 'instruction-changed',
        ...certain,
        summary: `${SETTING[d.name] ?? d.name} above it changed from ${show(d.before)} to ${show(d.after)}`,
        because: [`${SETTING[d.name] ?? d.name} is part of its key, and differs from ${where}`],
        before: d.before,
        after: d.after,
      };
    case 'platform':
      return {
        kind: 'platform-changed',
        ...certain,
        summary: `The platform changed from ${show(d.before)} to ${show(d.after)}`,
        because: [`the platform is part of the key of every RUN, as are the arguments that it sets`],
        before: d.before,
        after: d.after,
      };
    case 'image': {
      if (d.context !== undefined)
        return {
          kind: 'named-context-changed',
          ...certain,
          summary: `The named context ${d.context} is another image: ${show(d.before)} before, now ${show(d.after)}`,
          because: [`--build-context ${d.context}=… names another image than for ${where}`],
          context: d.context,
        };
      const tag = d.before !== null && d.after !== null && !d.before.startsWith('sha256:');
      return {
        kind: 'base-image-changed',
        ...certain,
        summary: tag ? `The base image changed from ${d.before} to ${d.after}` : `${d.image} now points to another image`,
        because: [tag ? `FROM names another image than in ${where}` : `its digest was ${short(d.before)}, now it is ${short(d.after)}`],
        image: d.image,
        before: d.before,
        after: d.after,
      };
    }
    case 'files':
      return filesCause(d.context, d.paths, where);
  }
}

/** How a variable gets into a key: all of them into a RUN's, otherwise those that the line uses, or the FROM of its stage. */
function partOf({ name, inFrom }: { readonly name: string; readonly inFrom?: boolean }, instruction: string | null): string {
  if (inFrom) return 'the FROM of its stage uses it';
  if (instruction === 'RUN') return 'it is in the environment of this RUN';
  return name === 'SOURCE_DATE_EPOCH' ? 'it is in the key of every WORKDIR' : 'the line uses it';
}

const SETTING: Readonly<Record<string, string>> = {
  user: 'USER',
  shell: 'SHELL',
  workdir: 'WORKDIR',
  dest: 'the destination',
  path: 'the path',
};

function filesCause(context: string | null, paths: readonly PathChange[], where: string): CauseReport {
  const shown = paths.slice(0, MAX_PATHS);
  const more = paths.length - shown.length;
  const base = {
    confidence: 'certain' as const,
    summary: describePaths(paths, context),
    because: [
      paths.length > 0
        ? `compared with the files of ${where}: ${shown
            .slice(0, 5)
            .map((p) => `${p.path} ${p.detail ?? p.change}`)
            .join(', ')}${paths.length > 5 ? ', …' : ''}`
        : `the digest of the files that it reads differs from that of ${where}`,
    ],
    paths: shown,
    ...(more > 0 && { morePaths: more }),
  };
  return context === null ? { kind: 'context-files-changed', ...base } : { kind: 'named-context-changed', context, ...base };
}

const WORDS: Readonly<Record<PathChange['change'], string>> = {
  modified: 'changed',
  added: 'is new',
  removed: 'was removed',
  metadata: 'has another mode or type',
};

function describePaths(paths: readonly PathChange[], context: string | null): string {
  const of = context === null ? '' : ` in the context ${context}`;
  const first = paths[0];
  if (!first) return `Files that it reads changed${of}`;
  if (paths.length === 1) return `${first.path} ${WORDS[first.change]}${of}`;
  if (paths.length <= 3) return `${paths.map((p) => p.path).join(', ')} changed${of}`;
  return `${first.path} and ${paths.length - 1} other files changed${of}`;
}

/** How a value that looks like a secret is kept: as a salted hash. */
const HIDDEN = 'secret:';
export function hide(hash: string): string {
  return HIDDEN + hash;
}
function isHidden(value: string | null): boolean {
  return value?.startsWith(HIDDEN) ?? false;
}
function visible(value: string | null): string | null {
  return isHidden(value) ? '***' : value;
}

function show(value: string | null): string {
  return value === null ? 'unset' : value === '' ? 'empty' : clip(value, 120);
}
function short(digest: string | null): string {
  return digest === null ? 'unknown' : digest.slice(0, 19);
}
