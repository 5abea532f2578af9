/** Move RUNs that need nothing of the build context above the first copy of it. */

import type { Dockerfile } from '../dockerfile/model.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import { clip } from '../text.ts';
import { needsNoFiles, program } from './shell.ts';
import { mountsContext, readStage, type StageLine } from './stage.ts';
import { applyEdits, blockOf } from './text.ts';
import type { FixInput } from './types.ts';

export const SYSTEM_FIRST = 'system-packages-first';

export interface MovedUp {
  readonly text: string;
  /** What was moved, as BuildKit shows it. */
  readonly moved: readonly string[];
  readonly refused: readonly string[];
}

const MAX_ROUNDS = 20;
/** Below these a copy may bring what a package manager reads. */
const CONFIGURES = /^\/(?:etc|usr|opt|lib)?(?:\/|$)/;

export function moveSystemUp(input: FixInput): MovedUp {
  const moved: string[] = [];
  const refused: string[] = [];
  let text = input.dockerfile;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const dockerfile = parseDockerfile(text, 'Dockerfile');
    const done = moveOne(dockerfile, refused);
    if (!done) break;
    text = done.text;
    moved.push(done.name);
  }
  return { text, moved, refused: [...new Set(refused)] };
}

function moveOne(dockerfile: Dockerfile, refused: string[]): { text: string; name: string } | null {
  for (const stage of dockerfile.stages) {
    const lines = readStage(stage, dockerfile);
    if (!lines) continue;
    const first = lines.findIndex((l) => l.copy !== null);
    if (first < 0) continue;
    for (let at = first + 1; at < lines.length; at++) {
      const { instruction, commands } = lines[at] as StageLine;
      // Something slow must be in it: moving `mkdir` alone helps nobody.
      if (instruction.keyword !== 'RUN' || !commands?.every(needsNoFiles) || !commands.some((c) => isInstall(program(c)))) continue;
      if (mountsContext(instruction)) continue;
      const obstacle = findObstacle(lines, first, at);
      if (obstacle !== null) {
        refused.push(`line ${instruction.range.line}: ${obstacle}`);
        continue;
      }
      const target = (lines[first] as StageLine).instruction;
      const text = applyEdits(dockerfile, [
        { at: target, where: 'before', text: blockOf(dockerfile, instruction) },
        { at: instruction, where: 'replace-with-comments', text: '' },
      ]);
      return { text, name: instruction.text.replace(/^\S+/, 'RUN') };
    }
  }
  return null;
}

function isInstall(words: readonly string[]): boolean {
  return words.some((w) => /^(?:install|add|i|docker-php-ext-install)$/.test(w)) || /^docker-php-ext-install$/.test(words[0] ?? '');
}

/** What between the first copy and the RUN has a say in what it does. */
function findObstacle(lines: readonly StageLine[], from: number, to: number): string | null {
  for (let i = from; i < to; i++) {
    const { instruction, copy, commands } = lines[i] as StageLine;
    const { keyword } = instruction;
    if (keyword === 'ENV' || keyword === 'ARG' || keyword === 'USER' || keyword === 'SHELL')
      return `${keyword} on line ${instruction.range.line} stands between it and the first copy, and is in force where it runs`;
    if (copy && CONFIGURES.test(copy.dest)) return `\`${clip(instruction.text)}\` may bring configuration that it reads`;
    if ((keyword === 'COPY' || keyword === 'ADD') && !copy) return `\`${clip(instruction.text)}\` may bring what it needs`;
    if (keyword === 'RUN' && !(commands?.every((c) => needsNoFiles(c) || isLanguageInstall(program(c))) ?? false))
      return `\`${clip(instruction.text)}\` stands between it and the first copy, and may prepare what it does`;
  }
  return null;
}

/** Installs of a language's packages prepare nothing for those of the system. */
function isLanguageInstall([name = '', sub = '']: readonly string[]): boolean {
  return (
    /^(?:npm|yarn|pnpm|bun|pip3?|uv|poetry|bundle|composer|go|mix)$/.test(name) && /^(?:ci|i|install|sync|mod|deps\.get|run)$/.test(sub)
  );
}
