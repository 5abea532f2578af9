import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import yargs from 'yargs';
import { DIAGNOSIS_OPTIONS, PASSTHROUGH } from '../src/commands/options.ts';
import { readPlainArguments } from '../src/commands/plain-arguments.ts';

/** What the command would get from yargs; null where that complains. */
function byYargs(args: readonly string[]): Record<string, unknown> | null {
  try {
    let got: Record<string, unknown> = {};
    yargs([...args])
      .parserConfiguration({ 'populate--': true, 'duplicate-arguments-array': true })
      .exitProcess(false)
      .strictOptions()
      .fail((message, error) => {
        throw error ?? new Error(message);
      })
      .command(
        '$0 [log..]',
        '',
        (y) => y.positional('log', { type: 'string', array: true }).options(DIAGNOSIS_OPTIONS).option('passthrough', PASSTHROUGH),
        (options) => {
          got = options;
        },
      )
      .parse();
    return got;
  } catch {
    return null;
  }
}

describe('arguments read without yargs', () => {
  test.each([
    [['build.log'], true],
    [[], true],
    [['-'], true],
    [['a.log', 'logs/b', '--format', 'json', '--format=html=x.html', '--no-remember', '--min-hit-rate', '0.5'], true],
    [['--build-command', 'docker build .', '--no-passthrough'], true],
    // Commands, help, mistakes and all that is not plain are for yargs.
    [['run', '--', 'docker', 'build', '.'], false],
    [['last'], false],
    [['--help'], false],
    [['-f', 'Dockerfile', '-C', '.', '-b', 'main.baseline'], true],
    [['-f'], false],
    [['-f', 'a', '--dockerfile', 'b'], false],
    [['-fDockerfile'], false],
    [['-x', 'y'], false],
    [['--frmat', 'json'], false],
    [['--format'], false],
    [['--format', '--color'], false],
    [['--min-hit-rate', 'much'], false],
    [['--log-level', 'loud'], false],
    [['--dockerfile', 'a', '--dockerfile', 'b'], false],
    [['--toString', 'x'], false],
    [['--'], false],
  ])('%j: plain is %s', (args, plain) => {
    expect(readPlainArguments(args) !== null).toBe(plain);
  });

  test('are what yargs would have read', () => {
    const name = fc.constantFrom(...Object.keys(DIAGNOSIS_OPTIONS), 'passthrough', 'nothing');
    const value = fc.constantFrom(
      'json',
      'html=x.html',
      'a b',
      '0.5',
      '12',
      '',
      '-x',
      '"q"',
      'debug',
      '1e3',
      '0x10',
      'true',
      'a=b',
      'é',
      '\n',
    );
    const file = fc.constantFrom('build.log', './x', '-', 'a/b.c', '1.5', 'last', 'é.log');
    const option = fc.oneof(
      fc.tuple(name, value).map(([n, v]) => [`--${n}`, v]),
      fc.tuple(name, value).map(([n, v]) => [`--${n}=${v}`]),
      name.map((n) => [`--no-${n}`]),
      name.map((n) => [`--${n}`]),
      file.map((f) => [f]),
    );
    let plain = 0;
    fc.assert(
      fc.property(fc.array(option, { maxLength: 4 }), (parts) => {
        const args = parts.flat();
        const ours = readPlainArguments(args);
        if (ours === null) return;
        plain++;
        const theirs = byYargs(args);
        expect(theirs, args.join(' ')).not.toBeNull();
        // yargs loses a lone dash among the positionals.
        expect((theirs!.log as string[] | undefined) ?? []).toEqual(ours.files.filter((f) => f !== '-'));
        expect(theirs!.passthrough).toBe(ours.passthrough);
        for (const [key, v] of Object.entries(ours.options)) expect(theirs![key], key).toEqual(v);
      }),
      { numRuns: 400 },
    );
    expect(plain).toBeGreaterThan(50);
  });
});
