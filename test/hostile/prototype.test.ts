/** Stages, images, arguments, files and folders may be called as what every object has by itself. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Report } from '../../src/model.ts';
import { createLab } from './lab.ts';

const lab = createLab('prototype');
afterAll(() => rmSync(lab.dir, { recursive: true, force: true }));

it.each(['constructor', 'toString', 'hasOwnProperty', '__proto__', 'valueOf', 'length'])('%s', (name) => {
  const stage = name.toLowerCase();
  const write = (value: string): string => {
    lab.write(
      `${name}/Dockerfile`,
      `FROM ${stage} AS ${stage}\nARG ${name}\nENV ${name}=${value}\nCOPY ${name} /a\nRUN make\nFROM busybox\nCOPY --from=${stage} /a /b\nCOPY --from=${name} x /c\n`,
    );
    lab.write(`${name}/${name}`, value);
    return lab.write(
      `${name}.log`,
      [
        `#1 [${stage} 1/3] FROM docker.io/library/${stage}`,
        `#2 [stage-1 1/3] FROM docker.io/library/busybox`,
        `#3 [${stage} 2/3] COPY ${name} /a`,
        `#4 [${stage} 3/3] RUN make`,
        `#5 [stage-1 2/3] COPY --from=${stage} /a /b`,
        `#6 [stage-1 3/3] COPY --from=${name} x /c`,
        '#7 exporting to image',
      ]
        .map((line, i) => `${line}\n#${i + 1} DONE 1.0s\n`)
        .join('\n'),
    );
  };
  const base = path.join(lab.work, `${name}.base`);
  const options = ['-C', name, '--build-command', `docker build --build-arg ${name}=1 ${name}`, '--no-remember'];
  const first = lab.run([write('one'), ...options, '--save-baseline', base]);
  expect(first).toMatchObject({ stderr: '', status: 0 });
  const second = lab.run([write('two'), ...options, '--baseline', base, '--format', 'json']);
  expect(second).toMatchObject({ stderr: '', status: 0 });
  const named = [...options.slice(0, 3), `docker build --build-context ${name}=${name} ${name}`, '--no-remember', '-b', base];
  expect(lab.run([write('three'), ...named])).toMatchObject({ stderr: '', status: 0 });
  const [build] = (JSON.parse(second.stdout) as Report).builds;
  expect(build!.misses.map((m) => m.causes[0]!.kind)).toContain('context-files-changed');
  expect(second.stdout).not.toContain('native code');
  expect(lab.run(['predict', '-b', base, '--', 'docker', 'build', '--build-arg', name, name]).stderr).toBe('');
  expect(lab.run(['diff', base, base])).toMatchObject({ stderr: '', status: 0 });
});
