import { isMiss } from '../graph/step.ts';
import type { Cause } from './define.ts';

const cause: Cause = {
  kind: 'build-flag-changed',
  title: 'A flag of the build command changed',
  docs: {
    what: '`--network`, the names of `--add-host`, `--ulimit`, `--shm-size`, `--cgroup-parent` are part of the key of every RUN of every stage. The address behind an `--add-host` name, labels and tags are not.',
    known:
      'Certain where the command line of both builds is known. From a log it is possible when the first RUN of each stage misses while the COPY and WORKDIR steps before it are reused.',
    fix: 'Use the same flags everywhere that shares a cache: laptop, CI, compose.',
    example: '    docker build --network=host .   # all RUNs of a cache made without it miss',
  },
  suspect(view, { graph, command }) {
    if (view.step.parsed.instruction !== 'RUN') return undefined;
    const steps = [...graph.steps.values()].filter((s) => s.cacheable);
    const runs = steps.filter((s) => s.parsed.instruction === 'RUN');
    const others = steps.filter((s) => s.parsed.instruction !== 'RUN' && s.status === 'reused');
    const flag = Object.keys(command?.flags ?? {})[0];
    // Every RUN missed, and something that is no RUN hit on a known base: the mark of an option of all RUNs.
    const everyRun = runs.length > 1 && runs.every(isMiss) && others.length > 0;
    const roots = graph.misses.filter((m) => m.root.parsed.instruction === 'RUN').length;
    if (!everyRun && !flag) return undefined;
    return {
      kind: 'build-flag-changed',
      confidence: 'possible',
      weight: everyRun && roots > 1 ? 0.75 : flag ? 0.55 : 0.35,
      summary: flag
        ? `--${flag} differs from the build before`
        : 'A flag that is part of every RUN differs from the build before (--network, --add-host, --ulimit, …)',
      because: [
        everyRun
          ? 'every RUN ran while steps that are no RUN were reused'
          : `the command line has --${flag}, which is part of the key of every RUN`,
      ],
      before: null,
      after: (flag !== undefined ? command?.flags[flag] : undefined) ?? null,
      ...(flag !== undefined && { name: flag }),
    };
  },
};
export default cause;
