// Logs and projects to measure with, the same every time.
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';

const OUTPUT = 'CACHED or DONE, says the output of this step, at some length to be real';

/** Plain progress of a build of long RUNs. @param size in bytes */
export function makePlainLog(file, size) {
  const fd = openSync(file, 'w');
  let written = writeSync(
    fd,
    '#0 building with "default" instance using docker driver\n\n#1 [internal] load build definition from Dockerfile\n#1 DONE 0.0s\n\n#2 [1/99] FROM docker.io/library/node:22\n#2 CACHED\n',
  );
  for (let step = 3; written < size; step++) {
    let block = `\n#${step} [${Math.min(step - 1, 99)}/99] RUN make part-${step}\n`;
    for (let i = 0; i < 8000; i++) block += `#${step} ${(i / 100).toFixed(3)} \x1b[32mcompiling\x1b[0m module ${i} — ${OUTPUT}\n`;
    written += writeSync(fd, `${block}#${step} DONE 80.0s\n`);
  }
  writeSync(fd, '\n#9999 exporting to image\n#9999 DONE 0.1s\n');
  closeSync(fd);
}

/** The same kind of build as `--progress=rawjson`. */
export function makeRawLog(file, size) {
  const fd = openSync(file, 'w');
  const digest = (text) => `sha256:${createHash('sha256').update(text).digest('hex')}`;
  let clock = Date.parse('2026-01-01T00:00:00Z');
  const stamp = () => new Date(clock).toISOString().replace('Z', '123456Z');
  let written = 0;
  let last = digest('definition');
  for (let step = 2; written < size; step++) {
    const vertex = {
      digest: digest(`step ${step}`),
      inputs: [last],
      name: `[${Math.min(step, 99)}/99] RUN make part-${step}`,
      started: stamp(),
    };
    const records = [{ vertexes: [vertex] }];
    for (let i = 0; i < 4000; i++) {
      clock += 10;
      const data = Buffer.from(`\x1b[32mcompiling\x1b[0m module ${i} — ${OUTPUT}\n`).toString('base64');
      records.push({ logs: [{ vertex: vertex.digest, stream: 1, data, timestamp: stamp() }] });
    }
    records.push({ vertexes: [{ ...vertex, completed: stamp() }] });
    written += writeSync(fd, `${records.map((r) => JSON.stringify(r)).join('\n')}\n`);
    last = vertex.digest;
  }
  closeSync(fd);
}

/** A project of 20 targets with 50 steps each, and the log of a build in which one file of each target had changed. */
export function makeLargeProject(folder) {
  const targets = Array.from({ length: 20 }, (_, t) => `service-${t}`);
  const commands = (target) => [
    `COPY services/${target}/package.json ./`,
    'RUN npm ci',
    `COPY services/${target} ./`,
    ...Array.from({ length: 46 }, (_, i) => `RUN ./build ${target} part-${i}`),
  ];
  const dockerfile = targets.map((t) => `FROM node:22 AS ${t}\nWORKDIR /${t}\n${commands(t).join('\n')}\n`).join('\n');
  for (const t of targets) {
    mkdirSync(path.join(folder, 'services', t), { recursive: true });
    writeFileSync(path.join(folder, 'services', t, 'package.json'), `{"name":"${t}"}\n`);
    writeFileSync(path.join(folder, 'services', t, 'main.js'), `console.log('${t}')\n`);
  }
  writeFileSync(
    path.join(folder, 'Dockerfile'),
    `${dockerfile}\nFROM scratch\n${targets.map((t) => `COPY --from=${t} /${t} /${t}`).join('\n')}\n`,
  );
  const log = (changed) => {
    let number = 2;
    let text = '#1 [internal] load build definition from Dockerfile\n#1 DONE 0.0s\n\n#2 [internal] load build context\n#2 DONE 0.1s\n';
    const step = (name, ran) => {
      number++;
      text += `\n#${number} ${name}\n#${number} ${ran ? 'DONE 1.5s' : 'CACHED'}\n`;
    };
    step(`[${targets[0]}  1/51] FROM docker.io/library/node:22@sha256:${'a'.repeat(64)}`, true);
    for (const t of targets) {
      step(`[${t}  2/51] WORKDIR /${t}`, !changed);
      for (const [i, c] of commands(t).entries()) step(`[${t} ${String(i + 3).padStart(2)}/51] ${c}`, !changed || i >= 2);
    }
    for (const [i, t] of targets.entries()) step(`[stage-20 ${String(i + 1).padStart(2)}/20] COPY --from=${t} /${t} /${t}`, true);
    return `${text}\n#${number + 1} exporting to image\n#${number + 1} DONE 0.1s\n`;
  };
  writeFileSync(path.join(folder, 'first.log'), log(false));
  writeFileSync(path.join(folder, 'second.log'), log(true));
}
