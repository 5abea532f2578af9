import type { CacheRef } from '../command/types.ts';
import type { Advice } from './define.ts';

const advice: Advice = {
  id: 'match-cache-refs',
  title: 'Import what you export',
  forBuild({ signals, command }) {
    if (!command || command.cacheFrom.length === 0 || command.cacheTo.length === 0) return undefined;
    // An import that failed is told with its error (fix-cache-import).
    if (signals.importers.some((i) => i.error !== null)) return undefined;
    const to = command.cacheTo.filter((c) => c.type !== 'inline');
    if (to.length === 0 || to.some((t) => command.cacheFrom.some((f) => placeOf(f) === placeOf(t)))) return undefined;
    return {
      summary: `Import what you export: --cache-from reads ${command.cacheFrom.map(placeOf).join(', ')}, --cache-to writes ${to.map(placeOf).join(', ')}`,
      saves: [],
      because: ['no cache that this build imports is one that it exports', 'right where branches write to their own and read the main one'],
    };
  },
};
export default advice;

/** Where a cache lies: `registry host/app:cache`, `gha buildkit`, `local .cache`. */
function placeOf({ type, attrs }: CacheRef): string {
  // The scope that BuildKit takes where none is given.
  const place = attrs.ref ?? attrs.dest ?? attrs.src ?? attrs.name ?? (type === 'gha' ? (attrs.scope ?? 'buildkit') : '');
  return `${type} ${place}`.trim();
}
