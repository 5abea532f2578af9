// Do the tests notice? Changes the sources one small thing at a time and runs the tests that reach the change, all in one process.
//   npm install --no-save @stryker-mutator/instrumenter@9.6.1
//   node test/mutation/mutate.mjs parsers/kaniko.ts parsers/kaniko/*.ts --tests test/parsers/kaniko
// --tests PREFIX,…  test files to run; --slow MS  tests that take longer are left out; --budget MS  time for one change
import { fork } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const root = path.join(import.meta.dirname, '..', '..');
const { values, positionals: files } = parseArgs({
  allowPositionals: true,
  options: {
    tests: { type: 'string', default: 'test' },
    slow: { type: 'string', default: '400' },
    budget: { type: 'string', default: '1000' },
  },
});
const wanted = values.tests.split(',');
const tests = readdirSync(path.join(root, 'test'), { recursive: true })
  .map((t) => `test/${t.replaceAll(path.sep, '/')}`)
  .filter((t) => t.endsWith('.test.ts') && !t.startsWith('test/e2e/'))
  .filter((t) => wanted.some((w) => t.startsWith(w)))
  .sort((a, b) => wanted.findIndex((w) => a.startsWith(w)) - wanted.findIndex((w) => b.startsWith(w)) || (a < b ? -1 : 1));

/** A change after which a test never ends blocks the worker: it is killed, and another goes on behind that change. */
const STALLED = 30_000;
const results = new Map();
let code = 1;
while (code !== 0) {
  let current = null;
  code = await new Promise((resolve) => {
    const worker = fork(path.join(import.meta.dirname, 'worker.mjs'), { cwd: root });
    let timer = setTimeout(() => undefined, 0);
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(() => worker.kill('SIGKILL'), STALLED);
    };
    worker.on('message', (message) => {
      watch();
      if (message.said) console.error(message.said);
      if (message.trying) current = message.trying;
      if (message.result) results.set(message.result.key, message.result);
    });
    worker.on('exit', (status) => {
      clearTimeout(timer);
      resolve(status);
    });
    worker.send({ root, files, tests, slow: Number(values.slow), budget: Number(values.budget), done: [...results.keys()] });
  });
  if (code === 0) break;
  if (current === null || results.has(current.key)) throw new Error('the worker ended early');
  results.set(current.key, { ...current, status: 'killed' });
}

const scores = new Map();
let place = '';
for (const r of results.values()) {
  const score = scores.get(r.file) ?? { killed: 0, survived: 0, 'not reached': 0 };
  score[r.status]++;
  scores.set(r.file, score);
  if (r.status === 'killed') continue;
  if (place !== `${r.file}:${r.line}`) console.log(`\n${r.file}:${r.line}  ${r.source}`);
  place = `${r.file}:${r.line}`;
  console.log(`    ${r.status === 'survived' ? '' : '(not reached) '}${clip(r.before)}  =>  ${clip(r.after)}`);
}
console.log();
const sum = { killed: 0, survived: 0, 'not reached': 0 };
for (const [file, score] of scores) {
  for (const word of Object.keys(sum)) sum[word] += score[word];
  print(file, score);
}
print('all', sum);

function print(name, score) {
  const all = score.killed + score.survived + score['not reached'];
  console.log(
    `${name.padEnd(36)} ${((100 * score.killed) / all).toFixed(0)} % of ${all}, ${score.survived} survived, ${score['not reached']} not reached`,
  );
}

function clip(text) {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
