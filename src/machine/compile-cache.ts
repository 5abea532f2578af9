/**
 * Keeps V8's compiled form of our code between runs: a start would spend more time compiling than working. Node does it itself from 22.1
 * on (`module.enableCompileCache`). A fault in here costs time, nothing else.
 */
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import Module from 'node:module';
import path from 'node:path';
import { Script } from 'node:vm';
import { VERSION } from '../version.ts';
import { cacheFolder } from './cache-folder.ts';
import { makeFolder, writeWhole } from './whole-file.ts';

/** What Node's own loader of CommonJS is made of, which its types leave out. */
interface Loadable {
  exports: object;
  require(name: string): unknown;
}
type Loader = (module: Loadable, file: string) => void;
type Require = (name: string) => unknown;

interface NodeModule {
  /** By file. */
  readonly _cache: Readonly<Record<string, { readonly exports: object; readonly loaded: boolean } | undefined>>;
  readonly _extensions: Record<string, Loader>;
  readonly enableCompileCache?: () => unknown;
}

/** @param dist the folder of the bundle: what is loaded from its chunks after this is kept */
export function keepCompiled(dist: string): void {
  const { enableCompileCache, _cache: cache, _extensions: extensions } = Module as unknown as NodeModule;
  if (enableCompileCache) return void enableCompileCache();
  const folder = cacheFolder();
  if (folder === undefined) return;
  const chunks = path.join(dist, 'chunks');
  // The names of chunks hold a hash of their content: V8 itself tells two sources apart by their length alone.
  const kept = path.join(folder, 'code', `${VERSION}-${process.version}-${process.arch}`);
  const fresh = new Map<string, Script>();
  // Chunks load each other without Node's search for them: it asks the disk four times for each.
  const loaded = new Map<string, { exports: object }>();
  const load = (name: string, require: Require): object => {
    const file = path.join(chunks, name);
    const known = loaded.get(name);
    if (known) return known.exports;
    // Those that were loaded before this was set up.
    if (cache[file]?.loaded) return cache[file].exports;
    const chunk = { exports: {} };
    loaded.set(name, chunk);
    const cachedData = readOwn(path.join(kept, name));
    const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'utf8')}\n})`;
    const script = new Script(source, { filename: file, ...(cachedData && { cachedData }) });
    if (!cachedData || script.cachedDataRejected) fresh.set(name, script);
    const requireNext = (next: string): unknown => (next.startsWith('./') ? load(next.slice(2), require) : require(next));
    (script.runInThisContext() as (...wrapped: unknown[]) => void).call(chunk.exports, chunk.exports, requireNext, chunk, file, chunks);
    return chunk.exports;
  };
  extensions['.cjs'] = (module, file) => {
    if (path.dirname(file) !== chunks) return extensions['.js']!(module, file);
    module.exports = load(path.basename(file), (name) => module.require(name));
  };
  process.on('exit', () => {
    if (fresh.size > 0) keep(kept, fresh);
  });
}

/**
 * Compiled code runs as it is, and a bit of it that is not as it was ends the process: only what this user wrote is taken, and only where
 * it lies there twice. (Node loads longer to compute a sum over it than it takes to compare.)
 */
function readOwn(file: string): Buffer | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    if (fstatSync(fd).uid !== process.getuid?.()) return undefined;
    const twice = readFileSync(fd);
    const once = twice.subarray(0, twice.length >> 1);
    return once.equals(twice.subarray(once.length)) ? once : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function keep(folder: string, scripts: ReadonlyMap<string, Script>): void {
  try {
    makeFolder(folder);
    for (const [name, script] of scripts) {
      const data = script.createCachedData();
      writeWhole(path.join(folder, name), Buffer.concat([data, data]));
    }
    const others = path.dirname(folder);
    for (const name of readdirSync(others)) if (name !== path.basename(folder)) rmSync(path.join(others, name), { recursive: true });
  } catch {
    // A full disk, a read-only home: the next start compiles again.
  }
}
