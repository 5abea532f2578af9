/** Candidate rewrites of a Dockerfile and its ignore file. Pure: the same functions serve the advice of a diagnosis and the simulation. */
import { unifiedDiff } from './diff.ts';
import { readsForVersion } from './git-version.ts';
import { IGNORE_FILES, IGNORE_IN_IMAGE, proposeIgnoreLines, readsForIgnoring } from './ignore-lines.ts';
import { copyManifestsFirst, MANIFESTS_FIRST } from './manifests-first.ts';
import { MOVE_VALUES, moveValuesDown } from './move-values.ts';
import { moveSystemUp, SYSTEM_FIRST } from './system-first.ts';
import type { Fix, FixInput, Proposals, Refused } from './types.ts';

export type { Fix, FixInput, Proposals } from './types.ts';

/** Every kind of fix that applies, each by itself. What is not safe is refused with its reason. */
export function proposeFixes(input: FixInput): Proposals {
  const fixes: Fix[] = [];
  const refused: Refused[] = [];
  for (const propose of [proposeManifests, proposeSystem, proposeIgnore, proposeValues]) propose(input, fixes, refused);
  return { fixes, refused };
}

/** One kind of fix; null where it does not apply. */
export function proposeFix(id: string, input: FixInput): Fix | null {
  return proposeFixes(input).fixes.find((f) => f.id === id) ?? null;
}

/** Would a fix want to read this file of the context? Whoever reads from afar (git) can read these first. */
export function wantsToRead(path: string): boolean {
  return readsForVersion(path) || readsForIgnoring(path) || READ_BY_INSTALLS.test(path);
}

const READ_BY_INSTALLS =
  /(?:^|\/)(?:package\.json|pnpm-workspace\.yaml|requirements[^/]*\.(?:txt|in)|constraints[^/]*\.txt|requirements\/[^/]+|pyproject\.toml|Pipfile|go\.mod|composer\.json|Gemfile|pom\.xml|settings\.gradle(?:\.kts)?|[^/]+\.(?:cs|fs|vb)proj|mix\.exs)$/;

/** Can it change what is proposed that this path comes or goes? */
export function mattersToFixes(path: string): boolean {
  return !path.includes('/') || wantsToRead(path) || SHAPES.test(path);
}

const SHAPES =
  /(?:^|\/)(?:[^/]*\.lock|[^/]*-lock\.[a-z]+|npm-shrinkwrap\.json|bun\.lockb|go\.sum|go\.work|\.npmrc|\.yarnrc(?:\.yml)?|\.pnpmfile\.cjs|bunfig\.toml|\.python-version|poetry\.toml|uv\.toml|\.ruby-version|mvnw|gradlew|gradle\.properties|[^/]+\.slnx?|Directory\.[A-Za-z]+\.(?:props|targets)|global\.json|[Nn]u[Gg]et\.[Cc]onfig)$|(?:^|\/)(?:node_modules|vendor|\.venv|patches|prisma|\.yarn|\.mvn|gradle|buildSrc)\//;

function proposeManifests(input: FixInput, fixes: Fix[], refused: Refused[]): void {
  const done = copyManifestsFirst(input);
  const title = `Copy the manifests of ${[...new Set(done.names)].join(', ') || 'the install'}, install, then copy the rest`;
  for (const reason of done.refused)
    refused.push({ id: MANIFESTS_FIRST, title: 'Copy the manifests, install, then copy the rest', reason });
  if (done.text === input.dockerfile) return;
  fixes.push(
    makeFix(input, {
      id: MANIFESTS_FIRST,
      title,
      dockerfile: done.text,
      ignoreLines: [...new Set(done.ignoreLines)],
      keeps: ['each step runs the same command, and the image gets the same files', ...new Set(done.keeps)],
      unverified: [...new Set(done.unverified), 'that the install reads no file but those listed'],
      pieces: done.pieces,
    }),
  );
}

function proposeSystem(input: FixInput, fixes: Fix[], refused: Refused[]): void {
  const { text, moved, refused: reasons } = moveSystemUp(input);
  const title = 'Install system packages above the first copy';
  for (const reason of reasons) refused.push({ id: SYSTEM_FIRST, title, reason });
  if (text === input.dockerfile) return;
  fixes.push(
    makeFix(input, {
      id: SYSTEM_FIRST,
      title,
      dockerfile: text,
      keeps: [`the same commands run: ${moved.length === 1 ? 'one RUN is' : `${moved.length} RUNs are`} moved, none changed`],
      unverified: ['that the packages overwrite none of the copied files'],
      pieces: [],
    }),
  );
}

function proposeIgnore(input: FixInput, fixes: Fix[], refused: Refused[]): void {
  const { lines, imageLines, unverified, refused: reasons } = proposeIgnoreLines(input);
  const titleOf = (list: readonly string[]): string =>
    `Ignore ${list.length > 4 ? `${list.slice(0, 3).join(', ')} and ${list.length - 3} more` : list.join(', ')}`;
  for (const reason of reasons) refused.push({ id: IGNORE_FILES, title: 'Ignore files that nothing needs', reason });
  const keeps = 'neither the Dockerfile nor a manifest names one of these files';
  if (lines.length > 0)
    fixes.push(
      makeFix(input, {
        id: IGNORE_FILES,
        title: titleOf(lines),
        ignoreLines: lines,
        keeps: [keeps, 'none of them comes into the image'],
        unverified,
        pieces: [],
      }),
    );
  if (imageLines.length > 0)
    fixes.push(
      makeFix(input, {
        id: IGNORE_IN_IMAGE,
        title: titleOf(imageLines),
        ignoreLines: imageLines,
        keeps: [keeps],
        unverified: [...unverified, 'that nobody wants them in the image'],
        changesImage: `the image no longer holds ${imageLines.join(', ')}`,
        pieces: [],
      }),
    );
}

function proposeValues(input: FixInput, fixes: Fix[]): void {
  const { text, names: all } = moveValuesDown(input);
  const names = [...new Set(all)];
  if (text === input.dockerfile) return;
  fixes.push(
    makeFix(input, {
      id: MOVE_VALUES,
      title: `Declare ${names.join(', ')} below the steps that do not use ${names.length === 1 ? 'it' : 'them'}`,
      dockerfile: text,
      keeps: ['the image has the same environment, and no step that names them lost them'],
      unverified: [`that no program run in between reads ${names.join(', ')} from its environment`],
      pieces: [],
    }),
  );
}

function makeFix(input: FixInput, made: Omit<Fix, 'patch' | 'ignore' | 'ignoreLines'> & { readonly ignoreLines?: readonly string[] }): Fix {
  const ignoreLines = made.ignoreLines ?? [];
  const fix = { ...made, ignoreLines, ...(ignoreLines.length > 0 && { ignore: addIgnoreLines(input.ignore, ignoreLines) }) };
  const exists = input.ignoreExists ?? input.ignore !== '';
  const patch =
    (fix.dockerfile === undefined ? '' : unifiedDiff(input.dockerfilePath ?? 'Dockerfile', input.dockerfile, fix.dockerfile)) +
    (fix.ignore === undefined ? '' : unifiedDiff(input.ignorePath ?? '.dockerignore', exists ? input.ignore : null, fix.ignore));
  return { ...fix, patch };
}

/** Those that are not there yet are put at the end. */
export function addIgnoreLines(text: string, lines: readonly string[]): string {
  const there = new Set(text.split('\n').map((l) => l.trim()));
  const added = lines.filter((l) => !there.has(l));
  if (added.length === 0) return text;
  return `${text === '' || text.endsWith('\n') ? text : `${text}\n`}${added.join('\n')}\n`;
}
