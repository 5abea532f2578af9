/** `RUN --mount=…`. https://github.com/moby/buildkit/blob/master/frontend/dockerfile/instructions/commands_runmount.go */
import type { Instruction } from './model.ts';

export type MountType = 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';

export interface Mount {
  readonly type: MountType;
  /** A stage, an image or a named context; '' for the build context (bind) or nothing (cache, tmpfs). */
  readonly from: string;
  readonly source: string;
  readonly target: string;
  readonly readonly: boolean;
  /** Of cache, secret and ssh mounts. */
  readonly id: string;
  readonly sharing: 'shared' | 'private' | 'locked';
  readonly required: boolean;
  /** Of a secret that becomes a variable. */
  readonly env: string | null;
  readonly mode: number | null;
  readonly uid: number | null;
  readonly gid: number | null;
  /** Bytes of a tmpfs, 0 where there is no limit. */
  readonly size: number;
}

const TYPES: readonly string[] = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'];
const SHARING: readonly string[] = ['shared', 'private', 'locked'];

/** The mounts of a RUN, in order; those that BuildKit refuses are left out. @param value replaces the variables in a value */
export function readMounts(instruction: Instruction, value: (text: string) => string): Mount[] {
  return instruction.flags
    .filter((flag) => flag.name === 'mount' && flag.value !== null)
    .map((flag) => readMount(flag.value!, value))
    .filter((mount) => mount !== null);
}

/** `type=cache,target=/root/.npm,sharing=locked`. Null where BuildKit refuses it. */
function readMount(text: string, value: (text: string) => string = (it) => it): Mount | null {
  const fields = readCsv(text);
  if (!fields) return null;
  const mount: { -readonly [K in keyof Mount]: Mount[K] } = { ...EMPTY };
  let readonly: boolean | null = null;
  for (const field of fields) {
    const equals = field.indexOf('=');
    const key = (equals < 0 ? field : field.slice(0, equals)).toLowerCase();
    const given = equals < 0 ? null : value(field.slice(equals + 1));
    if (key === 'readonly' || key === 'ro') readonly = readBool(given ?? 'true');
    else if (key === 'readwrite' || key === 'rw') readonly = !readBool(given ?? 'true');
    else if (key === 'required') mount.required = readBool(given ?? 'true');
    else if (given === null || !setField(mount, key, given)) return null;
  }
  mount.readonly = readonly ?? (mount.type !== 'cache' && mount.type !== 'tmpfs');
  return mount;
}

const EMPTY: Mount = {
  type: 'bind',
  from: '',
  source: '',
  target: '',
  readonly: true,
  id: '',
  sharing: 'shared',
  required: false,
  env: null,
  mode: null,
  uid: null,
  gid: null,
  size: 0,
};

/** False for a key or a value that does not exist. */
function setField(mount: { -readonly [K in keyof Mount]: Mount[K] }, key: string, value: string): boolean {
  const lower = value.toLowerCase();
  if (key === 'type' && TYPES.includes(lower)) mount.type = lower as MountType;
  else if (key === 'sharing' && SHARING.includes(lower)) mount.sharing = lower as Mount['sharing'];
  else if (key === 'from') mount.from = value;
  else if (key === 'source' || key === 'src') mount.source = value;
  else if (key === 'target' || key === 'dst' || key === 'destination') mount.target = value;
  else if (key === 'id') mount.id = value;
  else if (key === 'env') mount.env = value;
  else if (key === 'size') mount.size = readBytes(value);
  else if (key === 'mode' && /^[0-7]+$/.test(value)) mount.mode = Number.parseInt(value, 8);
  else if (key === 'uid' && /^\d+$/.test(value)) mount.uid = Number(value);
  else if (key === 'gid' && /^\d+$/.test(value)) mount.gid = Number(value);
  else return false;
  return true;
}

function readBool(text: string): boolean {
  return /^(?:1|t|T|TRUE|true|True)$/.test(text);
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4, p: 1024 ** 5 };

/** `64m`, `1.5GiB`: bytes by powers of 1024; 0 where it is none. */
export function readBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(text.trim());
  return match ? Math.trunc(Number(match[1]) * UNITS[match[2]!.toLowerCase()]!) : 0;
}

/** One record of comma-separated values: a field may stand in double quotes, two of them in it mean one. Null where it is malformed. */
export function readCsv(text: string): string[] | null {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      let field = '';
      for (at++; ; at++) {
        if (at >= text.length) return null;
        if (text[at] !== '"') field += text[at];
        else if (text[at + 1] === '"') field += text[at++];
        else break;
      }
      fields.push(field);
      at++;
      if (at < text.length && text[at] !== ',') return null;
    } else {
      const comma = text.indexOf(',', at);
      const end = comma < 0 ? text.length : comma;
      const field = text.slice(at, end);
      if (field.includes('"')) return null;
      fields.push(field);
      at = end;
    }
    if (at >= text.length) return fields;
    at++;
  }
}
