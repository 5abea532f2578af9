import { expect, it } from 'vitest';
import type { Finding } from '../../src/causes/define.ts';
import { explainMiss } from '../../src/causes/explain.ts';
import { readSignals, viewMiss } from '../../src/causes/signals.ts';
import { parseCommandLine } from '../../src/command/parse.ts';
import { buildGraph } from '../../src/graph/build.ts';
import { createLogReader } from '../../src/input/reader.ts';
import type { CauseKind } from '../../src/model.ts';
import { plainLog } from './log.ts';

/** The causes of the first miss, with what a comparison found and what it ruled out. */
function explain(command: string | null, computed: readonly Finding[], ruledOut: readonly CauseKind[] = []): string[] {
  const reader = createLogReader();
  reader.push(Buffer.from(plainLog(['CACHED [1/3] FROM x', 'CACHED [2/3] COPY a .', 'DONE [3/3] RUN b'])));
  const graph = buildGraph(reader.end().builds[0]!);
  const facts = {
    graph,
    signals: readSignals(graph),
    command: command === null ? null : (parseCommandLine(command)[0] ?? null),
    dockerfileKnown: false,
    newScope: () => null,
  };
  return explainMiss(viewMiss(graph.misses[0]!, graph), facts, computed, new Set(ruledOut)).map((c) => `${c.confidence} ${c.kind}`);
}

const finding = (kind: CauseKind, confidence: Finding['confidence'], weight: number): Finding =>
  ({ kind, confidence, weight, summary: '', because: [] }) as unknown as Finding;

it('says nothing beside what was compared, but a flag that switched the cache off', () => {
  const edited = finding('instruction-changed', 'certain', 1);
  expect(explain(null, [edited])).toEqual(['certain instruction-changed']);
  expect(explain('docker build --no-cache .', [edited])).toEqual(['certain no-cache-flag', 'certain instruction-changed']);
  expect(explain('docker build --no-cache .', [finding('no-cache-flag', 'certain', 1), edited])).toHaveLength(2);
});

it('adds its suspicions to what a comparison found likely, each kind once, the weightier first', () => {
  const told = explain(null, [finding('platform-changed', 'likely', 0.1), finding('env-changed', 'likely', 0.2)]);
  expect(told.slice(0, 2)).toEqual(['likely env-changed', 'likely platform-changed']);
  expect(told).toHaveLength(5);
  expect(told.filter((t) => t.endsWith('env-changed'))).toHaveLength(1);
});

it('leaves out what a comparison ruled out, and says so where nothing is left', () => {
  const [first] = explain(null, []);
  const without = explain(null, [], [first!.split(' ')[1] as CauseKind]);
  expect(without).not.toContain(first);
  expect(without.length).toBeGreaterThan(0);
  const kinds: CauseKind[] = [];
  for (let told = explain(null, []); told[0] !== 'possible unexplained'; told = explain(null, [], kinds))
    kinds.push(...told.map((t) => t.split(' ')[1] as CauseKind));
  expect(explain(null, [], kinds)).toEqual(['possible unexplained']);
});
