import { homedir } from 'node:os';
import path from 'node:path';

/** The user's cache folder, as env-paths has it, without the cost of loading it; undefined where there is no home. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env.CACHEWHY_CACHE) return env.CACHEWHY_CACHE;
  if (env.XDG_CACHE_HOME && path.isAbsolute(env.XDG_CACHE_HOME)) return path.join(env.XDG_CACHE_HOME, 'cachewhy');
  let home: string;
  try {
    home = homedir();
  } catch {
    return undefined;
  }
  if (!home || home === '/' || !path.isAbsolute(home)) return undefined;
  if (process.platform === 'darwin') return path.join(home, 'Library', 'Caches', 'cachewhy');
  if (process.platform === 'win32') return path.join(env.LOCALAPPDATA ?? path.join(home, 'AppData', 'Local'), 'cachewhy', 'Cache');
  return path.join(home, '.cache', 'cachewhy');
}
