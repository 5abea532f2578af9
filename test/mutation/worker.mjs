// Tries each change: the sources are instrumented once with all of them (StrykerJS), a switch turns one on.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import vm from 'node:vm';
import { build } from 'esbuild';
import { collect, end, run, vitest } from './vitest.mjs';

const say = (said) => process.send({ said });
process.env.NO_COLOR = '1';
process.on('unhandledRejection', () => undefined);
process.once('message', async (job) => {
  await work(job);
  process.exit(0);
});

async function work({ root, files, tests, slow, budget, done }) {
  const source = new Map(files.map((f) => [f, readFileSync(path.join(root, f), 'utf8')]));
  const { files: instrumented, mutants } = await instrument(source);
  const text = new Map(instrumented.map((f) => [path.join(root, f.name), f.content]));
  const state = { hitCount: 0, hitLimit: 0, activeMutant: '' };
  globalThis.__stryker__ = state;

  /** Tests with what they reach; changes in what a module does when it is loaded need it loaded anew. */
  const all = [];
  const atLoad = new Map();
  for (const [order, test] of tests.entries()) {
    const bundle = await load(path.join(root, test), text);
    if (!bundle) continue;
    state.mutantCoverage = { static: {}, perTest: {} };
    const { perTest, static: loaded } = state.mutantCoverage;
    let collected;
    try {
      collected = bundle();
    } catch (error) {
      say(`left out, as it does not load: ${test}: ${error.message}`);
      continue;
    }
    atLoad.set(bundle, loaded);
    for (const [index, t] of collected.entries()) {
      state.currentTestId = 't';
      perTest.t = {};
      const begun = performance.now();
      const failed = await attempt(t, bundle.file, 20_000);
      const ms = performance.now() - begun;
      state.currentTestId = undefined;
      if (failed) say(`left out, as it fails: ${test}: ${t.name}: ${failed.message.split('\n')[0]}`);
      else if (ms > slow) say(`left out, as it takes ${Math.round(ms)} ms: ${test}: ${t.name}`);
      else all.push({ ...t, bundle, index, order, ms, reaches: perTest.t });
    }
  }
  all.sort((a, b) => a.order - b.order || a.ms - b.ms);
  say(`${mutants.length} changes, ${all.length} tests`);

  const known = new Set(done);
  const fileOf = new Map(mutants.map((m) => [m.id, m.fileName]));
  for (const t of all) t.files = new Set(Object.keys(t.reaches).map((id) => fileOf.get(id)));
  for (const m of mutants) {
    const trying = describeChange(m, source.get(m.fileName).split('\n'));
    if (known.has(trying.key)) continue;
    process.send({ trying });
    const reload = [...atLoad.values()].some((loaded) => m.id in loaded);
    const reaching = all.filter((t) => m.id in t.reaches || (m.id in atLoad.get(t.bundle) && t.files.has(m.fileName)));
    state.activeMutant = m.id;
    const killed = await isNoticed(m.id, reaching, reload, state, performance.now() + budget);
    state.activeMutant = '';
    process.send({ result: { ...trying, status: killed ? 'killed' : reaching.length > 0 ? 'survived' : 'not reached' } });
  }
  await end(all);
}

async function isNoticed(id, reaching, reload, state, until) {
  const fresh = new Map();
  for (const t of reaching) {
    let test = t;
    if (reload) {
      if (!fresh.has(t.bundle)) {
        state.hitCount = 0;
        state.hitLimit = 1e5;
        try {
          fresh.set(t.bundle, t.bundle());
        } catch {
          return true;
        }
      }
      test = fresh.get(t.bundle)[t.index];
      if (test?.name !== t.name) return true;
    }
    state.hitCount = 0;
    state.hitLimit = 1000 + 100 * (t.reaches[id] ?? 1000);
    if (await attempt(test, t.bundle.file, 5000 + 10 * t.ms)) return true;
    if (performance.now() > until) break;
  }
  for (const [, tests] of fresh) await end(tests);
  return false;
}

/** @returns why it fails; null where it passes */
async function attempt(test, file, ms) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('takes too long')), ms);
  });
  try {
    await Promise.race([run(test, file), late]);
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    clearTimeout(timer);
  }
}

/** @returns what evaluates the test file and gives its tests; null where it uses none of the changed sources */
async function load(file, text) {
  const onLoad = ({ path: of }) => {
    if (of.includes('node_modules')) return undefined;
    const contents = (text.get(of) ?? readFileSync(of, 'utf8'))
      .replaceAll('import.meta.dirname', JSON.stringify(path.dirname(of)))
      .replaceAll('import.meta.filename', JSON.stringify(of));
    return { contents, loader: 'ts' };
  };
  const bundled = await build({
    absWorkingDir: path.join(import.meta.dirname, '..', '..'),
    entryPoints: [file],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    packages: 'external',
    write: false,
    metafile: true,
    logLevel: 'silent',
    plugins: [{ name: 'changed', setup: (b) => b.onLoad({ filter: /\.(?:ts|mjs)$/ }, onLoad) }],
  }).catch(() => null);
  if (!bundled || !Object.keys(bundled.metafile.inputs).some((i) => text.has(path.join(import.meta.dirname, '..', '..', i)))) return null;
  const script = new vm.Script(`(function(require,module,exports){${bundled.outputFiles[0].text}\n})`, {
    filename: file,
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const require = createRequire(file);
  const evaluate = () => script.runInThisContext()((name) => (name === 'vitest' ? vitest : require(name)), { exports: {} }, {});
  return Object.assign(() => collect(file, evaluate), { file });
}

async function instrument(source) {
  const of = createRequire(import.meta.url).resolve('@stryker-mutator/instrumenter/package.json');
  const own = (file) => import(path.join(path.dirname(of), 'dist/src', file));
  const { Instrumenter } = await own('instrumenter.js');
  const { allMutators } = await own('mutators/mutate.js');
  const { types } = (await import(createRequire(of).resolve('@babel/core'))).default;
  allMutators.push(
    {
      name: 'Statement',
      *mutate(node) {
        const call = node.isExpressionStatement() && /^(?:Call|Assignment|Update)Expression$/.test(node.node.expression.type);
        if (call || node.isContinueStatement()) yield types.emptyStatement();
      },
    },
    {
      name: 'Number',
      *mutate(node) {
        if (node.isNumericLiteral() && !node.parentPath.isTSLiteralType()) yield types.numericLiteral(node.node.value + 1);
      },
    },
  );
  const log = { debug: () => undefined, info: () => undefined, isDebugEnabled: () => false };
  const inputs = [...source].map(([name, content]) => ({ name, content, mutate: true }));
  return new Instrumenter(log).instrument(inputs, { plugins: null, excludedMutations: [], ignorers: [] });
}

function describeChange({ fileName, mutatorName, replacement, location: { start, end } }, lines) {
  const first = lines[start.line];
  const before = start.line === end.line ? first.slice(start.column, end.column) : `${first.slice(start.column)} …`;
  return {
    key: [fileName, start.line, start.column, end.line, end.column, mutatorName, replacement].join(':'),
    file: fileName,
    line: start.line + 1,
    source: first.trim(),
    before,
    after: replacement === ';' ? '(nothing)' : replacement,
  };
}
