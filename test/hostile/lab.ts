/** Runs the command line in a folder of its own, and makes inputs for it. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const ROOT: string = path.join(import.meta.dirname, '..', '..');
const CLI = path.join(ROOT, 'bin', 'cachewhy.js');

export interface Done {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Lab {
  /** Holds `home` and `work`. */
  readonly dir: string;
  /** Where commands run. */
  readonly work: string;
  run(
    args: readonly string[],
    more?: { readonly input?: string | Uint8Array; readonly env?: NodeJS.ProcessEnv; readonly cwd?: string },
  ): Done;
  write(name: string, data: string | Uint8Array): string;
}

export function createLab(name: string): Lab {
  const dir = mkdtempSync(path.join(tmpdir(), `cachewhy-hostile-${name}-`));
  const work = path.join(dir, 'work');
  const home = path.join(dir, 'home');
  mkdirSync(work);
  mkdirSync(home);
  return {
    dir,
    work,
    run(args, { input = '', env = {}, cwd = work } = {}) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
        cwd,
        input,
        encoding: 'utf8',
        timeout: 60_000,
        maxBuffer: 1 << 28,
        env: {
          PATH: process.env.PATH,
          HOME: home,
          NO_COLOR: '1',
          GIT_CONFIG_GLOBAL: '/dev/null',
          GIT_CONFIG_SYSTEM: '/dev/null',
          ...env,
        },
      });
      return { status, stdout, stderr };
    },
    write(file, data) {
      const full = path.join(work, file);
      mkdirSync(path.dirname(full), { recursive: true });
      writeFileSync(full, data);
      return full;
    },
  };
}

/** A plain log of a build with these steps; each ran. */
export function plainLog(names: readonly string[], seconds = 1): string {
  const lines = ['#0 building with "default" instance using docker driver', ''];
  lines.push('#1 [internal] load build definition from Dockerfile', '#1 DONE 0.0s', '');
  for (const [i, name] of names.entries()) lines.push(`#${i + 2} [${i + 1}/${names.length}] ${name}`, `#${i + 2} DONE ${seconds}.0s`, '');
  return `${lines.join('\n')}\n`;
}

/** The same as rawjson, which can hold any text. */
export function rawLog(names: readonly string[]): string {
  return `${names
    .map((name, i) =>
      JSON.stringify({
        vertexes: [
          {
            digest: digest(`step ${i}`),
            ...(i > 0 && { inputs: [digest(`step ${i - 1}`)] }),
            name: `[${i + 1}/${names.length}] ${name}`,
            started: `2026-01-01T00:00:${String(i % 60).padStart(2, '0')}Z`,
            completed: `2026-01-01T00:00:${String((i % 60) + 1).padStart(2, '0')}Z`,
          },
        ],
      }),
    )
    .join('\n')}\n`;
}

export function digest(text: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** A tar archive of small files. */
export function tar(files: readonly (readonly [name: string, data: Buffer])[]): Buffer {
  const blocks: Buffer[] = [];
  for (const [name, data] of files) {
    const header = Buffer.alloc(512);
    header.write(name.slice(0, 100), 0, 'utf8');
    header.write('0000644\0', 100);
    header.write(`${data.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('ustar\0', 257);
    header.write('0', 156);
    header.fill(' ', 148, 156);
    const sum = header.reduce((a, b) => a + b, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    blocks.push(header, data, Buffer.alloc((512 - (data.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** Protocol buffers, as far as status frames need them. */
function field(number: number, value: string | Buffer | number): Buffer {
  if (typeof value === 'number') return Buffer.concat([varint((number << 3) | 0), varint(value)]);
  const data = Buffer.from(value);
  return Buffer.concat([varint((number << 3) | 2), varint(data.length), data]);
}
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest % 128) | (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.from(bytes);
}

export interface RecordedBuild {
  readonly ref: string;
  readonly names: readonly string[];
  readonly dockerfile: string;
  readonly attrs?: Readonly<Record<string, string>>;
  /** Seconds since 1970. */
  readonly at: number;
  readonly context?: string;
}

/** A `.dockerbuild` file, as `docker buildx history export` writes it but for the compression. */
export function dockerbuild(builds: readonly RecordedBuild[]): Buffer {
  const files: [string, Buffer][] = [];
  const blob = (data: Buffer): { digest: string; size: number } => {
    const id = digest(data);
    files.push([`blobs/${id.replace(':', '/')}`, data]);
    return { digest: id, size: data.length };
  };
  const manifests = builds.map((b) => {
    const time = (seconds: number): Buffer => Buffer.concat([field(1, seconds), field(2, 5)]);
    const frames = b.names.map((name, i) =>
      field(
        1,
        Buffer.concat([
          field(1, digest(`${b.ref} ${i}`)),
          ...(i > 0 ? [field(2, digest(`${b.ref} ${i - 1}`))] : []),
          field(3, `[${i + 1}/${b.names.length}] ${name}`),
          field(5, time(b.at + i)),
          field(6, time(b.at + i + 1)),
        ]),
      ),
    );
    const status = Buffer.concat(
      frames.map((frame) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(frame.length);
        return Buffer.concat([length, frame]);
      }),
    );
    const ids = b.names.map((_, i) => `step${i}`);
    const provenance = {
      predicate: {
        buildConfig: {
          digestMapping: Object.fromEntries(ids.map((id, i) => [digest(`${b.ref} ${i}`), id])),
          llbDefinition: ids.map((id, i) => ({
            id,
            op: { Op: { Exec: { meta: { args: ['/bin/sh', '-c', b.names[i]], env: [] } } } },
            inputs: i > 0 ? [`step${i - 1}:0`] : [],
          })),
        },
        metadata: {
          'https://mobyproject.org/buildkit@v1#metadata': {
            source: { infos: [{ filename: 'Dockerfile', data: Buffer.from(b.dockerfile).toString('base64') }] },
          },
        },
      },
    };
    const manifest = {
      config: {
        mediaType: 'application/vnd.buildkit.historyrecord.v0',
        ...blob(
          Buffer.from(
            JSON.stringify({
              Ref: b.ref,
              FrontendAttrs: { filename: 'Dockerfile', ...b.attrs },
              CreatedAt: { seconds: b.at },
              CompletedAt: { seconds: b.at + 60 },
              localState: { LocalPath: b.context ?? '' },
            }),
          ),
        ),
      },
      layers: [
        { mediaType: 'application/vnd.buildkit.status.v0', ...blob(status) },
        {
          mediaType: 'application/vnd.in-toto+json',
          annotations: { 'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v0.2' },
          ...blob(Buffer.from(JSON.stringify(provenance))),
        },
      ],
    };
    return blob(Buffer.from(JSON.stringify(manifest)));
  });
  files.push(['index.json', Buffer.from(JSON.stringify({ manifests }))]);
  return tar(files);
}
