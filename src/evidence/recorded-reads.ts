/** What a step with an unchanged definition reads from outside, and what two records prove of it: the Dockerfile itself, `.dockerignore`, URLs. */
import path from 'node:path';
import type { Finding } from '../causes/define.ts';
import { compilePatternList } from '../context/dockerignore.ts';
import { asArray, asObject, asString, parseJson } from '../json.ts';
import type { PathChange } from '../model.ts';
import type { BuildRecord, Operation } from './build-record.ts';
import type { RecordedStep } from './recorded-steps.ts';

/**
 * Causes outside the definition, strongest first; empty where the step reads nothing of the kind.
 * @param same the sentence that says what was found equal
 */
export function explainReads(
  before: BuildRecord,
  after: BuildRecord,
  partner: RecordedStep | undefined,
  step: RecordedStep,
  same: string,
): Finding[] {
  const found: Finding[] = [];
  const seen = new Set<string>();
  for (const [input, digest] of step.operation.inputs.entries()) {
    const op = digest === null ? undefined : after.operations?.get(digest);
    const id = asString(op?.body.identifier) ?? '';
    if (op?.kind !== 'source' || seen.has(id)) continue;
    seen.add(id);
    const context = /^local:\/\/(.*)$/.exec(id)?.[1];
    if (context === 'context') {
      const old = partner?.operation.inputs[input];
      const paths = provenChanges(before, after, old ? before.operations?.get(old) : undefined, op, step.operation, input);
      found.push(contextFinding(paths, same));
    } else if (context !== undefined)
      found.push({
        kind: 'named-context-changed',
        confidence: 'likely',
        weight: 0.9,
        summary: `Files of the context ${context} changed`,
        because: [same],
        context,
      });
    else if (/^(?:https?|git):\/\//.test(id)) {
      const url = id.replace(/^git:\/\//, 'https://');
      found.push({
        kind: 'remote-source-changed',
        confidence: 'likely',
        weight: 0.9,
        summary: `${url} serves something else than before`,
        because: [same],
        url,
      });
    }
  }
  return found;
}

function contextFinding(paths: readonly PathChange[], same: string): Finding {
  const unknown = 'a record does not keep the files of the context: `cachewhy run` in front of the next builds tells each of them';
  if (paths.length === 0)
    return {
      kind: 'context-files-changed',
      confidence: 'likely',
      weight: 0.9,
      summary: 'Files that it reads from the build context changed (content, mode or names)',
      because: [same, unknown],
      paths: [],
    };
  const names = paths.map((p) => p.path).join(' and ');
  return {
    kind: 'context-files-changed',
    confidence: 'certain',
    weight: 0.9,
    summary: `${names}, which it copies with the rest of the context, changed`,
    because: [`both builds have ${names} on record, and it differs`, `other files may have changed as well: ${unknown}`],
    paths,
  };
}

/** Files of the context that records hold: the Dockerfile by its text, `.dockerignore` by its patterns. */
function provenChanges(
  before: BuildRecord,
  after: BuildRecord,
  oldSource: Operation | undefined,
  source: Operation,
  step: Operation,
  input: number,
): PathChange[] {
  const patterns = excludes(source);
  const rules = compilePatternList(patterns);
  const covered = (file: string): boolean => readsPath(step, input, file) && !rules.judge(file, undefined).ignored;
  const changes: PathChange[] = [];
  const file = dockerfileInContext(after);
  if (
    before.dockerfile &&
    after.dockerfile &&
    before.dockerfile.text !== after.dockerfile.text &&
    file === dockerfileInContext(before) &&
    file !== null &&
    covered(file)
  )
    changes.push({ path: file, change: 'modified' });
  const old = oldSource ? excludes(oldSource) : patterns;
  if (old.join('\n') !== patterns.join('\n') && covered('.dockerignore'))
    changes.push({ path: '.dockerignore', change: old.length === 0 ? 'added' : patterns.length === 0 ? 'removed' : 'modified' });
  return changes;
}

function excludes(source: Operation): string[] {
  return asArray(parseJson(asString(asObject(source.body.attrs)['local.excludepatterns']) ?? '')).flatMap((p) => asString(p) ?? []);
}

/** The Dockerfile's path in the build context; null where it lies outside or that is not known. */
function dockerfileInContext(record: BuildRecord): string | null {
  if (record.context === null || /^\w+:\/\//.test(record.context)) return null;
  if (record.dockerfilePath === null) return record.dockerfileName;
  const relative = path.relative(record.context, path.resolve(record.context, record.dockerfilePath)).split(path.sep).join('/');
  return relative === '' || relative.startsWith('..') || path.isAbsolute(relative) ? null : relative;
}

/** Does the step read this path from that input? Wildcards are not followed: a doubt is a no. */
function readsPath(step: Operation, input: number, file: string): boolean {
  const covers = (source: string): boolean => {
    const clean = source.replace(/^\/+|(?<!\/)\/+$/g, '');
    return clean === '' || clean === '.' || clean === file || file.startsWith(`${clean}/`);
  };
  if (step.kind === 'exec')
    return asArray(step.body.mounts)
      .map(asObject)
      .some((m) => (m.input ?? 0) === input && m.dest !== '/' && covers(asString(m.selector) ?? ''));
  return asArray(step.body.actions)
    .map(asObject)
    .some((action) => {
      const copy = asObject(asObject(action.Action).copy);
      const filtered =
        asArray(copy.excludePatterns ?? copy.exclude_patterns).length + asArray(copy.includePatterns ?? copy.include_patterns).length > 0;
      return action.secondaryInput === input && !filtered && covers(asString(copy.src) ?? '?');
    });
}
