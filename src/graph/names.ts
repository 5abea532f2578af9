/**
 * What a vertex's name says: target, platform, stage, position, instruction.
 * Names are made in BuildKit's frontend/dockerfile/dockerfile2llb/convert.go (prefixCommand, uppercaseCmd); buildx puts the target of bake in
 * front (util/progress/multiwriter.go).
 */

/** source: fetches or resolves (FROM, contexts, metadata). step: a Dockerfile instruction. internal: everything else. */
export type VertexKind = 'step' | 'source' | 'internal' | 'export' | 'import';

export interface VertexName {
  readonly kind: VertexKind;
  readonly target: string | null;
  readonly platform: string | null;
  readonly stage: string | null;
  readonly position: number | null;
  readonly of: number | null;
  /** Upper case: RUN, COPY, FROM, …; null for vertices that are no instruction. */
  readonly instruction: string | null;
  /** The name without its bracket. */
  readonly text: string;
  /** The words of the bracket that could be a target or a stage; resolved per build by `resolvePrefixes`. */
  readonly words: readonly string[];
}

const INSTRUCTIONS: ReadonlySet<string> = new Set(
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(' '),
);
/** What the layer cache can serve. */
const CACHEABLE: ReadonlySet<string> = new Set(['RUN', 'COPY', 'ADD', 'WORKDIR']);

export function isCacheableInstruction(instruction: string | null): boolean {
  return instruction !== null && CACHEABLE.has(instruction);
}

/** `[web linux/amd64->arm64 build 2/3] RUN make`: everything up to the first `] ` */
const BRACKET = /^\[([^\]]{1,300})\] ?/;
/** ` 1/20`, `10/20` at the bracket's end */
const POSITION = /(?:^|(?<!\s)\s+)(\d{1,4})\/(\d{1,4})$/;
/** `linux/amd64`, `linux/arm/v7`, `linux/amd64->arm64`, `windows(10.0.17763)/amd64` */
const PLATFORM = /^[a-z0-9]+(?:\([^)]*\))?\/[a-z0-9_]+(?:\/[a-z0-9.]+)?(?:->[a-z0-9_/.()]+)?$/;
/** `Step 3/9 : RUN npm ci` (classic builder) */
const CLASSIC = /^Step (\d{1,4})\/(\d{1,4}) : /;
/** `[1/2] STEP 3/6: RUN echo one`, `STEP 3/6: RUN echo one` (buildah, podman) */
const BUILDAH = /^(?:\[(\d{1,4})\/\d{1,4}\] )?STEP (\d{1,4})(?:\/(\d{1,4}))?: /;

const EXPORT = /^(?:exporting |importing to docker|merging manifest|pushing |resolving provenance|copying files|sending tarball)/;
const IMPORT = /^importing cache manifest/;
const SOURCE =
  /^(?:docker-image:\/\/|https?:\/\/|git:\/\/|local:\/\/|oci-layout:\/\/|FROM |resolve image config for )|^\[context |^\[(?:.* )?internal\] (?:load (?:build context|metadata|git source|remote build context|build definition|\.dockerignore|local bake)|resolve )/;

export function parseVertexName(name: string): VertexName {
  const bare = (kind: VertexKind, text: string, instruction: string | null = null): VertexName => ({
    kind,
    target: null,
    platform: null,
    stage: null,
    position: null,
    of: null,
    instruction,
    text,
    words: [],
  });
  const classic = CLASSIC.exec(name);
  if (classic) return { ...step(name.slice(classic[0].length)), position: Number(classic[1]), of: Number(classic[2]) };
  const buildah = BUILDAH.exec(name);
  if (buildah)
    return {
      ...step(name.slice(buildah[0].length)),
      stage: buildah[1] ? `stage-${Number(buildah[1]) - 1}` : null,
      position: Number(buildah[2]),
      of: buildah[3] ? Number(buildah[3]) : null,
    };
  if (SOURCE.test(name)) return bare('source', name, name.startsWith('FROM ') ? 'FROM' : null);
  const bracket = BRACKET.exec(name);
  if (!bracket) {
    if (IMPORT.test(name)) return bare('import', name);
    if (EXPORT.test(name)) return bare('export', name);
    // `copy /context /` unpacks a context that came as an archive: operations without a name of their own are named in lower case.
    const s = step(name);
    return s.kind === 'step' && /^[A-Z]/.test(name) ? s : bare('internal', name);
  }
  const text = name.slice(bracket[0].length);
  const inside = bracket[1] ?? '';
  if (/(?:^| )internal$/.test(inside) || inside.startsWith('context ') || inside === 'auth' || inside.startsWith('auth '))
    return { ...bare('internal', text), words: words(inside.replace(/ ?internal$/, '')) };
  const position = POSITION.exec(inside);
  if (!position) {
    const kind = IMPORT.test(text) ? 'import' : EXPORT.test(text) ? 'export' : SOURCE.test(text) ? 'source' : 'internal';
    return { ...bare(kind, text), words: words(inside) };
  }
  const tokens = words(inside.slice(0, position.index));
  const platform = tokens.find((t) => PLATFORM.test(t)) ?? null;
  const rest = tokens.filter((t) => t !== platform);
  return {
    ...step(text),
    platform,
    // Two words are target and stage; one word alone is decided per build.
    target: rest.length > 1 ? (rest[0] ?? null) : null,
    stage: rest.at(-1) ?? null,
    position: Number(position[1]),
    of: Number(position[2]),
    words: rest,
  };
}

function words(text: string): string[] {
  return text.split(' ').filter((w) => w !== '');
}

/** `ONBUILD RUN echo onb`, `LINK COPY --link a /a`, `RUN<TAB>ECHO` */
function step(text: string): VertexName {
  const match = /^(?:ONBUILD |LINK )?([A-Za-z]+)(?=[\s[]|$)/.exec(text);
  const word = match?.[1]?.toUpperCase() ?? '';
  const known = INSTRUCTIONS.has(word);
  return {
    kind: known ? (word === 'FROM' ? 'source' : 'step') : 'internal',
    target: null,
    platform: null,
    stage: null,
    position: null,
    of: null,
    instruction: known ? word : null,
    text,
    words: [],
  };
}

/**
 * Decides what a single word in a bracket is. A build is prefixed with targets when they also head internals or exports
 * (`[web internal] load …`, `[web] exporting to image`), which a Dockerfile's stages never do.
 * @param names the names of one build, in any order
 * @returns the names with target and stage settled, in the same order
 */
export function resolvePrefixes(names: readonly VertexName[]): VertexName[] {
  const targets = new Set<string>();
  for (const n of names)
    if (n.position === null && (n.kind === 'export' || n.kind === 'internal' || n.kind === 'source' || n.kind === 'import'))
      for (const w of n.words) if (!PLATFORM.test(w)) targets.add(w);
  for (const n of names) if (n.target !== null) targets.add(n.target);
  return names.map((n) => {
    if (n.position === null) {
      const target = n.words.find((w) => targets.has(w) && !PLATFORM.test(w)) ?? null;
      return target ? { ...n, target } : n;
    }
    const only = n.words.length === 1 ? n.words[0] : undefined;
    // `[web 2/6]` in a prefixed build: a target with an unnamed single stage.
    return only !== undefined && targets.has(only) ? { ...n, target: only, stage: null } : n;
  });
}

/** `--from=build`, `--mount=type=bind,from=deps,target=/x`: the stages, images or contexts that an instruction reads, as written. */
export function fromReferences(text: string): string[] {
  const found: string[] = [];
  if (!text.includes(' --from=') && !text.includes(' --mount=')) return found;
  for (const m of text.matchAll(/ --from=("?)([^\s"]+)\1/g)) if (m[2]) found.push(m[2]);
  for (const m of text.matchAll(/ --mount=(\S+)/g)) {
    const from = /(?:^|,)from=([^,\s]+)/.exec(m[1] ?? '');
    if (from?.[1]) found.push(from[1]);
  }
  return found;
}

/** Does the instruction read the build context itself? */
export function readsContext(name: VertexName): boolean {
  if (name.instruction === 'COPY' || name.instruction === 'ADD')
    return fromReferences(` ${name.text}`).length === 0 && !/^\S+(?: --\S+)* <</.test(name.text) && !isRemoteAdd(name);
  if (name.instruction !== 'RUN') return false;
  return [...name.text.matchAll(/ --mount=(\S+)/g)].some((m) => /(?:^|,)type=bind\b/.test(m[1] ?? '') && !/(?:^|,)from=/.test(m[1] ?? ''));
}

/** `ADD https://example.com/a.tgz /a`, `ADD git@github.com:x/y.git /y`: every source is fetched */
export function isRemoteAdd(name: VertexName): boolean {
  if (name.instruction !== 'ADD') return false;
  const sources = name.text
    .replace(/^(?:ONBUILD )?ADD(?: --\S+)*\s+/, '')
    .split(/\s+/)
    .slice(0, -1);
  return sources.length > 0 && sources.every((s) => isRemoteSource(s));
}

/** URLs and git references, as BuildKit's ADD recognises them. */
export function isRemoteSource(source: string): boolean {
  return /^\[?(?:https?:\/\/|git:\/\/|ssh:\/\/|git@|github\.com\/.+)/.test(source);
}
