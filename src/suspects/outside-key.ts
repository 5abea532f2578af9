/**
 * The other half of cache trouble: steps that were reused although what they depend on lies outside their cache key, so that the build is fast and
 * possibly stale. Never mixed up with misses.
 */
import { isHit, type Step, type StepGraph } from '../graph/step.ts';
import type { SuspectHit } from '../model.ts';

interface Suspicion {
  readonly kind: string;
  /** What in the RUN's text gives it away. Linear patterns. */
  readonly sign: RegExp;
  /** What clears it. */
  readonly unless?: RegExp;
  /** The same, where a pattern is not enough. */
  readonly isPinned?: (text: string) => boolean;
  readonly summary: string;
  readonly because: string;
  readonly fix: string;
}

const SUSPICIONS: readonly Suspicion[] = [
  {
    kind: 'package-index',
    sign: /\b(?:apt-get|apt|apk|yum|dnf|zypper) (?:-\S{1,300} ){0,20}(?:update|makecache|refresh)\b/,
    unless: /\b(?:apt-get|apt|yum|dnf|zypper) (?:-\S{1,300} ){0,20}install\b|\bapk (?:-\S{1,300} ){0,20}add\b|\bupgrade\b/,
    summary: 'the package index is as old as this layer',
    because: 'the index is fetched in a RUN of its own: installs below it use the index of the day when this layer was made',
    fix: 'Update and install in one RUN: `apt-get update && apt-get install -y …`.',
  },
  {
    kind: 'git-clone',
    sign: /\bgit (?:-\S{1,300} ){0,20}(?:clone|pull|fetch)\b/,
    unless:
      /\b(?:checkout|reset --hard)[ =][0-9a-f]{7,40}\b|--revision[ =][0-9a-f]{7,40}\b|(?:--branch|-b)[ =](?:v|release-)?\d+\.\d+|@[0-9a-f]{40}|\bcheckout (?:tags\/)?v?\d+\.\d+/,
    summary: 'what it cloned may have moved on',
    because: 'what a repository holds is no part of the cache key: the clone is that of the day when this layer was made',
    fix: 'Check out a commit, or use `ADD https://…git#COMMIT`, which is asked for in every build.',
  },
  {
    kind: 'remote-download',
    sign: /\b(?:curl|wget)\b[^|;&]{0,1000}https?:\/\//,
    unless: /sha(?:1|224|256|384|512)sum|shasum|gpgv?\b[^;&|]{0,1000}--verify|--checksum|md5sum|cosign verify|minisign/,
    isPinned: (text) => urlsOf(text).every(hasVersion),
    summary: 'what it downloaded may be out of date',
    because: 'what an address holds is no part of the cache key, and nothing in this RUN checks what came',
    fix: 'Use `ADD --checksum=sha256:… URL`, or check a checksum in the same RUN.',
  },
  {
    kind: 'unpinned-install',
    sign: /\b(?:apt-get|apt|yum|dnf) (?:-\S{1,300} ){0,20}install\b|\bapk (?:-\S{1,300} ){0,20}add\b|\bnpm (?:i|install) (?:-g|--global)\b|\bgem install\b|\bgo install \S+@latest\b|\bcargo install (?!.{0,1000}--(?:path|version|git))|\bpip3? install (?!.{0,1000}(?:-r|--requirement|-e|\.)\b)/,
    unless: /\binstall\b[^;&|]{0,1000}(?:=\d|==|@\d)|\badd\b[^;&|]{0,1000}=\d/,
    summary: 'packages without a version: those of the day when this layer was made',
    because: 'which version is the newest is no part of the cache key',
    fix: 'Pin versions, or rebuild now and then with `--no-cache-filter` for this stage or `--pull`.',
  },
];

/** Reports in which nothing else is wrong stay calm: a layer younger than this is no cause for concern. */
const FRESH_SECONDS = 30 * 86_400;

/**
 * @param ageOf age of a step's layer in seconds, from an image's history or a builder's record; null where unknown
 */
export function findSuspectHits(graph: StepGraph, ageOf: (step: Step) => number | null = () => null): SuspectHit[] {
  const found: SuspectHit[] = [];
  for (const step of graph.steps.values()) {
    if (!isHit(step) || step.parsed.instruction !== 'RUN') continue;
    const text = step.parsed.text.slice(0, 20_000);
    for (const s of SUSPICIONS) {
      if (!s.sign.test(text) || s.unless?.test(text) || s.isPinned?.(text)) continue;
      const age = ageOf(step);
      if (age !== null && age < FRESH_SECONDS) break;
      // Without an age, unpinned packages are in nearly every image: naming them each time would help nobody.
      if (age === null && s.kind === 'unpinned-install') break;
      found.push({
        step: step.id,
        name: step.name,
        kind: s.kind,
        summary: s.summary,
        because: [`${step.id} was reused, and ${s.because}`],
        ageSeconds: age,
        fix: s.fix,
      });
      break;
    }
  }
  return found;
}

/** Addresses in a command, without the quotes and operators around them. */
function urlsOf(text: string): string[] {
  return text.match(/\bhttps?:\/\/[^\s"'|;&<>)]{1,2000}/g) ?? [];
}

/** `https://services.gradle.org/distributions/gradle-8.5-bin.zip`: what it holds is what it was. */
function hasVersion(url: string): boolean {
  const path = url.replace(/^https?:\/\/[^/]*/, '');
  return /\d\.\d|\b[0-9a-f]{40}\b/.test(path) && !/latest|nightly|master|main\b/i.test(path);
}
