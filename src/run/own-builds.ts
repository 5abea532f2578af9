/**
 * Finds out which of the builder's builds are ours. buildx writes a small file for each build that it starts (`local-state.ts`): those that
 * appear while our command runs are its builds, whoever calls docker inside. Nothing is added to the command.
 */
import path from 'node:path';
import type { BuildCommand } from '../command/types.ts';
import { buildxConfigFolder } from '../evidence/docker-client.ts';
import { type LocalBuild, listLocalRefs, readLocalBuild } from '../evidence/local-state.ts';

export interface BuildWatch {
  /** Builds that were seen since the start, in the order in which they began. */
  ours(command: BuildCommand | null): LocalBuild[];
  stop(): void;
}

/** Looking costs next to nothing, but not nothing: often at first, when builds begin, then once in a while. */
const DELAYS_MS = [150, 150, 300, 500, 1000];

/** @param onBuild called once for each build that appears */
export function watchBuilds(env: Readonly<Record<string, string | undefined>>, onBuild: (build: LocalBuild) => void): BuildWatch {
  const folder = buildxConfigFolder(env);
  const before = listLocalRefs(folder);
  // A file's time stamp is taken from a coarser clock than ours.
  const since = Date.now() - 100;
  const seen = new Map<string, LocalBuild>();
  const look = (): void => {
    for (const ref of listLocalRefs(folder)) {
      if (before.has(ref) || seen.has(ref)) continue;
      const build = readLocalBuild(folder, ref);
      if (!build || build.started < since) continue;
      seen.set(ref, build);
      onBuild(build);
    }
  };
  let turn = 0;
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    timer = setTimeout(
      () => {
        look();
        next();
      },
      DELAYS_MS[Math.min(turn++, DELAYS_MS.length - 1)],
    );
    timer.unref();
  };
  next();
  return {
    ours: (command) => {
      look();
      return chooseBuilds(
        [...seen.values()].sort((a, b) => a.started - b.started),
        command,
        process.cwd(),
      );
    },
    stop: () => clearTimeout(timer),
  };
}

/**
 * Someone else may build at the same time with the same client. A command that is one build itself is the one with its context, and the
 * first of them: it began right after us. Of what a script built, builds outside its folder count only where there are no others.
 */
function chooseBuilds(builds: readonly LocalBuild[], command: BuildCommand | null, cwd: string): LocalBuild[] {
  if (command && isSingle(command)) {
    const context = contextOf(command, cwd);
    const matching = context === null ? builds : builds.filter((b) => b.context === context);
    return (matching.length > 0 ? matching : builds).slice(0, 1);
  }
  const inside = builds.filter((b) => b.context === cwd || b.context.startsWith(`${cwd}${path.sep}`));
  return [...(inside.length > 0 && command === null ? inside : builds)];
}

function isSingle(command: BuildCommand): boolean {
  return command.tool === 'docker' || command.tool === 'buildx' || command.tool === 'nerdctl';
}

/** As buildx writes it: absolute; null where it is no folder. */
function contextOf(command: BuildCommand, cwd: string): string | null {
  if (command.contextKind !== 'folder' || command.context === undefined) return null;
  return path.resolve(cwd, command.cwd ?? '.', command.context);
}
