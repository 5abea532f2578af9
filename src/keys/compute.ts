/** From a Dockerfile and a command line to the ingredients of every step's cache key. Pure. */
import { createHash } from 'node:crypto';
import { selectionDigest } from '../context/content-key.ts';
import type { CopySelection } from '../context/select.ts';
import { expand } from '../dockerfile/expand.ts';
import { heredocContent, summarizeHeredoc } from '../dockerfile/heredoc.ts';
import type { Dockerfile, Instruction, Stage } from '../dockerfile/model.ts';
import { isRemoteSource } from '../graph/names.ts';
import type { Base, BuildKeys, KeyInput, Read, ScopeEntry, StageKeys, StepKeys } from './model.ts';

const STEPS: ReadonlySet<string> = new Set(['RUN', 'COPY', 'ADD', 'WORKDIR']);
/** Part of no key unless declared with ARG (frontend/dockerfile/instructions: defaultBuildArgs). */
const PROXIES: ReadonlySet<string> = new Set([
  'HTTP_PROXY',
  'http_proxy',
  'HTTPS_PROXY',
  'https_proxy',
  'FTP_PROXY',
  'ftp_proxy',
  'NO_PROXY',
  'no_proxy',
  'ALL_PROXY',
  'all_proxy',
]);

/** State that a stage hands from line to line, and to stages that start from it. */
interface State {
  env: ScopeEntry[];
  user: string;
  workdir: string;
  shell: string;
}

/** @returns keys of the steps of all stages that the target needs */
export function computeKeys(input: KeyInput): BuildKeys {
  return new KeyBuilder(input).build();
}

class KeyBuilder {
  private readonly input: KeyInput;
  private readonly file: Dockerfile;
  private readonly args: Readonly<Record<string, string | null>>;
  private readonly states: State[] = [];
  private readonly stages: StageKeys[] = [];
  private readonly steps: StepKeys[] = [];
  private readonly byId = new Map<string, StepKeys>();
  private readonly globals = new Map<string, string | null>();
  private readonly single: boolean;

  constructor(input: KeyInput) {
    this.input = input;
    this.file = input.dockerfile;
    this.args = input.buildArgs ?? {};
    this.single = this.file.stages.length === 1 && !this.file.stages[0]!.instructions.some((i) => this.addsState(i));
  }

  /** COPY --from an image or context, and any RUN --mount, add states of their own: a lone stage then shows its name. */
  private addsState(i: Instruction): boolean {
    if (i.keyword === 'RUN') return i.flags.some((f) => f.name === 'mount');
    return (i.keyword === 'COPY' || i.keyword === 'ADD') && i.flags.some((f) => f.name === 'from');
  }

  build(): BuildKeys {
    for (const i of this.file.globalArgs)
      for (const { name, value } of i.pairs) {
        const given = this.args[name];
        this.globals.set(
          name,
          name in this.args
            ? (given ?? null)
            : value === null
              ? null
              : this.fill(value, (n) => this.globals.get(n) ?? platformArg(n, this.platform()) ?? undefined),
        );
        if (!(name in this.args) && value === null) this.globals.delete(name);
      }
    const reachable = this.reachable();
    for (const stage of this.file.stages) this.stage(stage, reachable.has(stage.index));
    return {
      stages: this.stages,
      steps: this.steps.filter((s) => reachable.has(s.stageIndex)),
      syntax: this.file.directives.syntax,
      platforms: [...(this.input.platforms ?? [])],
      target: this.input.target ?? null,
    };
  }

  private platform(): string | null {
    return this.input.platforms?.[0] ?? null;
  }

  private fill(text: string, value: (name: string) => string | undefined): string {
    return expand(text, value, { escape: this.file.directives.escape })?.text ?? text;
  }

  private globalValue = (name: string): string | undefined => this.globals.get(name) ?? platformArg(name, this.platform()) ?? undefined;

  /** The stage that a name or number means, among those above `before`. */
  private findStage(ref: string, before: number): number | null {
    const wanted = ref.toLowerCase();
    for (let i = before - 1; i >= 0; i--) if (this.file.stages[i]!.name?.toLowerCase() === wanted) return i;
    return /^\d+$/.test(ref) && Number(ref) < before ? Number(ref) : null;
  }

  private reachable(): Set<number> {
    const { stages } = this.file;
    const target = this.input.target?.toLowerCase();
    let goal = stages.length - 1;
    if (target !== undefined) {
      const named = stages.findIndex((s) => s.name?.toLowerCase() === target);
      goal = named >= 0 ? named : /^\d+$/.test(target) && Number(target) < stages.length ? Number(target) : goal;
    }
    const found = new Set<number>();
    const queue = goal >= 0 ? [goal] : [];
    for (let i = queue.pop(); i !== undefined; i = queue.pop()) {
      if (found.has(i)) continue;
      found.add(i);
      const stage = stages[i]!;
      const parent = this.findStage(this.fill(stage.base, this.globalValue), i);
      if (parent !== null) queue.push(parent);
      for (const instruction of stage.instructions)
        for (const ref of fromFlags(instruction)) {
          const other = this.findStage(this.fill(ref, this.globalValue), i);
          if (other !== null) queue.push(other);
        }
    }
    return found;
  }

  private stage(stage: Stage, reachable: boolean): void {
    const image = this.fill(stage.base, this.globalValue);
    const parent = this.findStage(image, stage.index);
    const scratch = parent === null && image === 'scratch';
    const from = parent === null ? null : this.states[parent]!;
    const state: State = from
      ? { env: [...from.env], user: from.user, workdir: from.workdir, shell: from.shell }
      : { env: [], user: '', workdir: '/', shell: '' };
    let base: Base = parent !== null ? this.stages[parent]!.end : scratch ? { kind: 'scratch' } : { kind: 'image', image };
    const own = stage.instructions.filter((i) => STEPS.has(i.keyword));
    const first = parent === null && !scratch ? 1 : 0;
    const of = first + own.length;
    let position = first;
    for (const i of stage.instructions) {
      if (!STEPS.has(i.keyword)) {
        this.metadata(i, state);
        continue;
      }
      position++;
      const keys = this.step(stage, i, state, base, position, of);
      if (i.keyword === 'WORKDIR') {
        state.workdir = keys.own.path ?? state.workdir;
        // `WORKDIR /` is counted but makes no vertex.
        if (state.workdir === '/') continue;
      }
      this.steps.push(keys);
      this.byId.set(keys.id, keys);
      base = { kind: 'step', id: keys.id };
    }
    this.states.push(state);
    this.stages.push({
      index: stage.index,
      name: stage.name,
      image: parent === null && !scratch ? image : null,
      parent,
      end: base,
      reachable,
    });
  }

  /** ENV, ARG, USER, SHELL change what later lines have in their keys; all else changes nothing. */
  private metadata(i: Instruction, state: State): void {
    const value = this.valueIn(state);
    switch (i.keyword) {
      case 'ENV':
        for (const { name, value: text } of i.pairs)
          put(state.env, { kind: 'env', name, value: this.shown(name, this.fill(text ?? '', value)) });
        return;
      case 'ARG':
        for (const { name, value: text } of i.pairs) this.argument(name, text, state, value);
        return;
      case 'USER':
        state.user = this.fill(i.rest, value);
        return;
      case 'SHELL':
        state.shell = i.rest.replace(/\s+/g, ' ');
        return;
      default:
    }
  }

  private argument(name: string, text: string | null, state: State, value: (name: string) => string | undefined): void {
    const env = state.env.find((e) => e.name === name && e.kind === 'env');
    // ENV of the same name wins.
    if (env) return;
    let result: string | null | undefined;
    if (name in this.args) result = this.args[name];
    else if (this.input.argsKnown === false && !name.startsWith('TARGET') && !name.startsWith('BUILD')) result = null;
    else if (text !== null) result = this.fill(text, value);
    else if (this.globals.has(name)) result = this.globals.get(name);
    else {
      result = platformArg(name, this.platform());
      if (result === undefined) {
        if (PLATFORM_ARGS.has(name)) result = null;
        else {
          // Declared without a value: in no environment.
          state.env = state.env.filter((e) => e.name !== name);
          return;
        }
      }
    }
    put(state.env, { kind: 'arg', name, value: result === null || result === undefined ? null : this.shown(name, result) });
  }

  private shown(name: string, value: string): string {
    return this.input.protect ? this.input.protect(name, value) : value;
  }

  private valueIn(state: State): (name: string) => string | undefined {
    return (name) => {
      const entry = state.env.find((e) => e.name === name);
      if (!entry) return undefined;
      // A value that is not known stays as it is written.
      return entry.value ?? `$${name}`;
    };
  }

  private step(stage: Stage, i: Instruction, state: State, base: Base, position: number, of: number): StepKeys {
    const value = this.valueIn(state);
    const own: Record<string, string> = {};
    const reads: Read[] = [];
    let env: readonly ScopeEntry[] = [];
    if (i.keyword === 'RUN') {
      this.run(stage, i, state, own, reads);
      env = state.env.filter((e) => e.value !== undefined);
    } else if (i.keyword === 'WORKDIR') this.workdir(i, state, own);
    else this.copy(stage, i, state, own, reads);
    const stageName = this.single ? null : (stage.name ?? `stage-${stage.index}`);
    const display = displayText(
      i,
      (text, raw) =>
        expand(text, value, { escape: this.file.directives.escape, ...(raw && { rawQuotes: true, keepUnset: true }) })?.text ?? text,
    );
    const at = `${String(position).padStart(String(of).length)}/${of}`;
    const keys: Omit<StepKeys, 'identity'> = {
      id: `${stage.index}:${position}`,
      stageIndex: stage.index,
      stage: stageName,
      platform: this.platform(),
      position,
      of,
      instruction: i.keyword,
      name: `[${stageName === null ? '' : `${stageName} `}${at}] ${display}`,
      text: i.text,
      range: i.range,
      base,
      reads,
      env,
      own,
    };
    return { ...keys, identity: this.identity(keys) };
  }

  private run(stage: Stage, i: Instruction, state: State, own: Record<string, string>, reads: Read[]): void {
    own.text = i.heredocs.length > 0 ? `${i.rest}\n${i.heredocs.map((h) => h.body).join('\n')}` : i.rest;
    if (i.heredocs.length > 0) own.text = own.text.replace(/<<-?["']?[^\s"'<]+["']?/g, '<<');
    // The exec form is compared by its words: blanks between them do not count.
    if (i.json) own.text = JSON.stringify(i.json);
    else own.shell = state.shell;
    if (state.user !== '') own.user = state.user;
    own.workdir = state.workdir;
    const value = this.valueIn(state);
    const mounts: string[] = [];
    for (const flag of i.flags) {
      if (flag.name === 'mount') this.mount(stage, this.fill(flag.value ?? '', value), state, mounts, reads);
      else if (flag.name === 'network' || flag.name === 'security') {
        if (flag.value !== 'default' && flag.value !== 'sandbox') own[flag.name] = flag.value ?? '';
      } else own[`--${flag.name}`] = flag.value ?? '';
    }
    if (mounts.length > 0) own.mounts = mounts.join('\n');
    for (const [name, v] of Object.entries(this.input.flags ?? {}))
      if (!(name === 'network' && own.network !== undefined)) own[`flag:${name}`] = v;
    const platform = this.platform();
    if (platform !== null) own.platform = platform;
  }

  /** Cache ids, sharing modes and values of secrets are in no key; what is mounted where is (ops/exec.go). */
  private mount(stage: Stage, text: string, state: State, mounts: string[], reads: Read[]): void {
    const fields = new Map(
      text
        .split(',')
        .map((f): [string, string] =>
          f.includes('=')
            ? [f.slice(0, f.indexOf('=')).trim().toLowerCase(), f.slice(f.indexOf('=') + 1).trim()]
            : [f.trim().toLowerCase(), 'true'],
        ),
    );
    const type = fields.get('type') ?? 'bind';
    const target = resolvePath(state.workdir, fields.get('target') ?? fields.get('dst') ?? fields.get('destination') ?? '');
    const kept = ['uid', 'gid', 'mode', 'size', 'required', 'env'].filter((k) => fields.has(k)).map((k) => `${k}=${fields.get(k)}`);
    if (type === 'bind' || (type === 'cache' && fields.has('from'))) {
      const rw = ['rw', 'readwrite'].some((k) => (fields.get(k) ?? 'false') !== 'false');
      const source = fields.get('source') ?? fields.get('src') ?? '/';
      mounts.push([`bind ${target}`, rw ? 'rw' : 'ro', ...kept].join(' '));
      reads.push(this.readFrom(fields.get('from'), [source], stage, {}, true));
    } else if (type === 'secret' || type === 'ssh')
      mounts.push([type, fields.get('id') ?? (type === 'ssh' ? 'default' : lastPart(target)), target, ...kept].join(' '));
    else mounts.push([type, target, ...kept].join(' '));
  }

  private readFrom(
    from: string | undefined,
    sources: readonly string[],
    stage: Stage,
    more: Omit<CopySelection, 'sources'>,
    literal: boolean,
  ): Read {
    const selection: CopySelection = { sources, ...more, ...(literal && { literal: true }) };
    if (from === undefined) return { kind: 'context', selection, digest: this.digest(selection) };
    const other = this.findStage(from, stage.index);
    if (other !== null) return { kind: 'stage', stage: other, paths: sources };
    const named = this.input.namedContexts ?? {};
    if (Object.hasOwn(named, from)) {
      const listing = named[from];
      return { kind: 'named', context: from, selection, digest: listing ? selectionDigest(listing, selection) : null };
    }
    return { kind: 'image', image: from, paths: sources };
  }

  private digest(selection: CopySelection): string | null {
    if (this.input.selectionDigest) return this.input.selectionDigest(selection);
    return this.input.context ? selectionDigest(this.input.context, selection) : null;
  }

  private copy(stage: Stage, i: Instruction, state: State, own: Record<string, string>, reads: Read[]): void {
    const value = this.valueIn(state);
    const words = i.words;
    const filled = words.map((w) => this.fill(w, value));
    const dest = filled.at(-1) ?? '';
    const sources = filled.slice(0, -1);
    own.kind = i.keyword;
    own.dest = resolvePath(state.workdir, dest) + (/(?:\/|^\.)$/.test(dest) && dest !== '/' ? '/' : '');
    if (/^\.?\/?$/.test(dest)) own.dest = state.workdir === '/' ? '/' : `${state.workdir}/`;
    own.names = sources.map((s) => (isRemoteSource(s) ? s : lastPart(s))).join('\n');
    const exclude: string[] = [];
    let from: string | undefined;
    let parents = false;
    for (const flag of i.flags) {
      const v = this.fill(flag.value ?? 'true', value);
      if (flag.name === 'from') from = v;
      else if (flag.name === 'exclude') exclude.push(v);
      else if (flag.name === 'parents') parents = v !== 'false';
      else if (v !== 'false') own[`--${flag.name}`] = v;
    }
    if (parents) own['--parents'] = 'true';
    if (exclude.length > 0) own['--exclude'] = exclude.join('\n');
    const inline = sources.filter((s) => /^<</.test(s));
    const remote = sources.filter((s) => i.keyword === 'ADD' && isRemoteSource(s));
    const files = sources.filter((s) => !inline.includes(s) && !remote.includes(s));
    for (const h of i.heredocs)
      reads.push({
        kind: 'inline',
        digest: sha(
          `${h.name}\n${h.expand ? (expand(heredocContent(h), value, { escape: this.file.directives.escape, noQuotes: true })?.text ?? h.body) : h.body}`,
        ),
      });
    for (const url of remote) reads.push({ kind: 'remote', url });
    if (files.length > 0)
      reads.push(this.readFrom(from, files, stage, { ...(parents && { parents }), ...(exclude.length > 0 && { exclude }) }, false));
  }

  private workdir(i: Instruction, state: State, own: Record<string, string>): void {
    own.path = resolvePath(state.workdir, this.fill(i.rest, this.valueIn(state)));
    if (state.user !== '') own.user = state.user;
    if ('SOURCE_DATE_EPOCH' in this.args) own.epoch = this.args.SOURCE_DATE_EPOCH ?? '?';
  }

  private identity(keys: Omit<StepKeys, 'identity'>): string {
    const base =
      keys.base.kind === 'step'
        ? this.byId.get(keys.base.id)!.identity
        : keys.base.kind === 'image'
          ? `image ${keys.base.image}`
          : 'scratch';
    const reads = keys.reads.map((r) => {
      switch (r.kind) {
        case 'context':
          return `context ${r.digest ?? JSON.stringify(r.selection)}`;
        case 'named':
          return `named ${r.context} ${r.digest ?? JSON.stringify(r.selection)}`;
        case 'stage': {
          const end = this.stages[r.stage]?.end;
          const of =
            end === undefined
              ? ''
              : end.kind === 'step'
                ? this.byId.get(end.id)!.identity
                : end.kind === 'image'
                  ? `image ${end.image}`
                  : 'scratch';
          return `stage ${of} ${r.paths.join(' ')}`;
        }
        default:
          return JSON.stringify(r);
      }
    });
    return sha(JSON.stringify([base, keys.instruction, keys.env.map((e) => [e.name, e.value]), Object.entries(keys.own).sort(), reads]));
  }
}

const PLATFORM_ARGS: ReadonlySet<string> = new Set([
  'TARGETPLATFORM',
  'TARGETOS',
  'TARGETARCH',
  'TARGETVARIANT',
  'BUILDPLATFORM',
  'BUILDOS',
  'BUILDARCH',
  'BUILDVARIANT',
]);

/** Value of a predefined platform argument; undefined where the platform is not known or the name is none. */
function platformArg(name: string, platform: string | null): string | undefined {
  if (platform === null || !name.startsWith('TARGET')) return undefined;
  const [os = '', arch = '', variant = ''] = platform.split('/');
  return { TARGETPLATFORM: platform, TARGETOS: os, TARGETARCH: arch, TARGETVARIANT: variant }[name];
}

export function isProxyArg(name: string): boolean {
  return PROXIES.has(name);
}

function put(env: ScopeEntry[], entry: ScopeEntry): void {
  const at = env.findIndex((e) => e.name === entry.name);
  if (at >= 0) env.splice(at, 1);
  env.push(entry);
}

function fromFlags(i: Instruction): string[] {
  return i.flags.flatMap((f) => {
    if (f.name === 'from') return [f.value ?? ''];
    if (f.name !== 'mount') return [];
    const from = /(?:^|,)from=([^,]+)/.exec(f.value ?? '')?.[1];
    return from === undefined ? [] : [from];
  });
}

function resolvePath(from: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${from}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function lastPart(path: string): string {
  return (
    path
      .split('/')
      .filter((p) => p !== '' && p !== '.')
      .at(-1) ?? '/'
  );
}

function sha(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** The text of a step's name: keyword in capitals, variables filled in, here-documents by their first line. */
function displayText(i: Instruction, fill: (text: string, raw: boolean) => string): string {
  const space = i.text.search(/ /);
  const first = space < 0 ? i.text : i.text.slice(0, space);
  const rest = space < 0 ? '' : i.text.slice(space);
  const run = i.keyword === 'RUN';
  const text = `${first.toUpperCase()}${fill(rest, run)}`;
  const heredoc = run && i.heredocs.length === 1 && /^RUN\s+(?:--\S+\s+)*<<-?\S+$/i.test(i.text) ? i.heredocs[0]! : null;
  if (!heredoc) return text;
  return `${text} (${fill(summarizeHeredoc(heredoc.body), true)})`;
}
