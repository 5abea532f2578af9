import type { Argv, CommandModule } from 'yargs';
import { formatOption } from './format-option.ts';
import type { SimulateArguments } from './simulate-history.ts';

const command: CommandModule<object, SimulateArguments> = {
  command: 'simulate',
  describe: 'Replay a git history: what each commit would have rebuilt, and what a fix would have saved',
  builder: (yargs: Argv): Argv<SimulateArguments> => {
    const text = (group: string, describe: string) => ({ type: 'string', requiresArg: true, group, describe }) as const;
    const many = (group: string, describe: string) =>
      ({ type: 'string', array: true, nargs: 1, requiresArg: true, default: [] as string[], group, describe }) as const;
    const flag = (group: string, describe: string) => ({ type: 'boolean', default: false, group, describe }) as const;
    const [which, build, guess, fix] = ['Which commits:', 'What is built:', 'What git cannot know:', 'Changes:'] as const;
    return yargs
      .usage(
        '$0 simulate [options]\n\n  cachewhy simulate --commits 200 --log build.log --fix\n  cachewhy simulate --against Dockerfile.new',
      )
      .option('commits', {
        alias: 'n',
        type: 'number',
        requiresArg: true,
        group: which,
        describe: 'At most so many, counted from the newest (default: 200)',
      })
      .option('since', text(which, 'Only newer ones, as in git log: "3 weeks ago"'))
      .option('ref', { ...text(which, 'A branch, tag, commit or range'), default: 'HEAD' })
      .option('all-parents', flag(which, 'Walk merged branches too, not only the first parent'))
      .option('repo', { ...text(which, 'A folder in the repository'), default: '.' })
      .option('dockerfile', { alias: 'f', ...text(build, 'The Dockerfile, as of each commit (default: Dockerfile in the context)') })
      .option('context', { alias: 'C', ...text(build, 'The build context, a folder of the repository'), default: '.' })
      .option('target', text(build, 'The stage to build (default: the last, or the one that the log shows)'))
      .option('build-arg', many(build, 'NAME=VALUE, repeatable'))
      .option('platform', many(build, 'Target platform'))
      .option('log', many(build, 'A log of a build: how long steps take; repeatable'))
      .option('baseline', { alias: 'b', ...text(build, 'A saved baseline: how long steps take') })
      .option('memory', { ...text(guess, 'What the builder remembers: everything, previous, size=10GB'), default: 'everything' })
      .option('cold', flag(guess, 'The cache begins empty (default: it has the commit before the first)'))
      .option('run-size', { ...text(guess, 'Size of a RUN, for --memory size'), default: '100MB' })
      .option('copy-size', { ...text(guess, 'Size of a COPY, for --memory size'), default: '10MB' })
      .option('assume-identical', many(guess, 'What is copied from this stage stays the same whatever runs in it; `all`; repeatable'))
      .option('changing-arg', many(guess, 'This build argument has another value in each build; repeatable'))
      .option('base-moves', { type: 'number', requiresArg: true, group: guess, describe: 'Tags of base images move every so many days' })
      .option('with-git', flag(guess, '.git is in the context (a checkout)'))
      .option('submodules', flag(guess, 'Submodules are checked out'))
      .option('merge-op', flag(guess, 'The store can merge: COPY --link does not depend on the steps below it'))
      .option('against', text(fix, 'Replay another Dockerfile or .dockerignore over the same commits'))
      .option('fix', flag(fix, 'Propose changes, replay each, show the best with its proof'))
      .option('apply', flag(fix, 'With --fix: write the best change to the files'))
      .option('check', flag(fix, 'With --fix or --against: build both on the engine and compare the images'))
      .option('format', { ...formatOption('terminal, json, markdown, html'), group: 'Report:' })
      .option('color', { type: 'boolean', group: 'Report:', describe: 'Colour the terminal report' })
      .option('price-per-minute', { type: 'number', requiresArg: true, group: 'Report:', describe: 'What a minute of building costs' })
      .option('currency', { ...text('Report:', 'Unit of the price'), default: '$' }) as unknown as Argv<SimulateArguments>;
  },
  handler: async (options) => {
    const { simulateHistory } = await import('./simulate-history.ts');
    process.exitCode = await simulateHistory(options);
  },
};
export default command;
