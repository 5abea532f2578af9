/** Checks that what was read from a baseline file is one: it may come from another machine, and nothing in it may make a diagnosis fail. */

type Check = (value: unknown) => boolean;

const text: Check = (v) => typeof v === 'string';
const number: Check = (v) => typeof v === 'number' && Number.isFinite(v);
const flag: Check = (v) => typeof v === 'boolean';
const nullable =
  (check: Check): Check =>
  (v) =>
    v === null || check(v);
const optional =
  (check: Check): Check =>
  (v) =>
    v === undefined || check(v);
const list =
  (check: Check): Check =>
  (v) =>
    Array.isArray(v) && v.every(check);
const record =
  (check: Check): Check =>
  (v) =>
    isObject(v) && Object.keys(v).every((name) => check(v[name]));
/** Fields of any name but those that every object has by itself. */
const fields =
  (check: Check): Check =>
  (v) =>
    isObject(v) && Object.keys(v).every((name) => !(name in Object.prototype) && check(v[name]));
const shape = (known: Readonly<Record<string, Check>>): Check => {
  const checks = Object.entries(known);
  return (v) => isObject(v) && checks.every(([name, check]) => check(v[name]));
};
const oneOf =
  (...values: readonly string[]): Check =>
  (v) =>
    values.includes(v as string);

function isObject(v: unknown): v is Record<string, unknown> {
  return typeof v === 'object' && v !== null && !Array.isArray(v);
}

const base: Check = (v) =>
  isObject(v) &&
  ((v.kind === 'step' && text(v.id)) || (v.kind === 'image' && text(v.image) && optional(text)(v.context)) || v.kind === 'scratch');

const selection: Check = shape({ sources: list(text), exclude: optional(list(text)), parents: optional(flag), literal: optional(flag) });

const READS: Readonly<Record<string, Check>> = {
  context: shape({ selection, digest: nullable(text) }),
  named: shape({ context: text, selection, digest: nullable(text) }),
  stage: shape({ stage: number, paths: list(text), end: optional(base) }),
  image: shape({ image: text, paths: list(text), context: optional(text) }),
  remote: shape({ url: text }),
  inline: shape({ digest: text }),
};
const read: Check = (v) => isObject(v) && Object.hasOwn(READS, String(v.kind)) && READS[String(v.kind)]!(v);

const scope: Check = list(
  shape({
    kind: oneOf('arg', 'env'),
    name: text,
    value: nullable(text),
    partial: optional(flag),
    inherited: optional(flag),
    from: optional(list(text)),
  }),
);

const step: Check = shape({
  id: text,
  stageIndex: number,
  stage: nullable(text),
  platform: nullable(text),
  position: number,
  of: number,
  instruction: text,
  name: text,
  text,
  range: shape({ file: text, line: number, endLine: number }),
  base,
  reads: list(read),
  env: scope,
  own: fields(text),
  identity: text,
  mentions: optional(scope),
  partial: optional(list(text)),
  onbuild: optional(flag),
  link: optional(flag),
});

const stage: Check = shape({
  index: number,
  name: nullable(text),
  image: nullable(text),
  parent: nullable(number),
  end: base,
  reachable: flag,
  from: optional(text),
  mentions: optional(scope),
  platform: optional(nullable(text)),
});

const columns: Check = shape({
  count: number,
  paths: text,
  kinds: list(text),
  kind: list(number),
  sizes: list(number),
  forms: text,
  others: fields(text),
  links: fields(text),
  xattrs: fields(fields(text)),
  offset: number,
  length: number,
});

const STATUS = oneOf('reused', 'rebuilt', 'failed', 'canceled', 'skipped', 'internal');

const baseline: Check = shape({
  savedAt: text,
  salt: text,
  outcome: oneOf('succeeded', 'failed', 'canceled', 'incomplete'),
  keys: shape({ stages: list(stage), steps: list(step), syntax: nullable(text), platforms: list(text), target: nullable(text) }),
  listing: nullable(columns),
  named: record(nullable(columns)),
  images: record(nullable(text)),
  steps: record(shape({ name: text, status: STATUS, seconds: nullable(number) })),
  commandKnown: flag,
  past: list(shape({ at: text, hitRate: number, rebuiltSeconds: number, revision: optional(text), missed: list(text) })),
  project: optional(shape({ context: text, dockerfile: text, target: nullable(text), platforms: list(text) })),
  command: optional(text),
});

/** True where a parsed value has all the fields of a packed baseline, with their types. Fields beyond those do no harm. */
export function isBaselineShape(value: unknown): boolean {
  return baseline(value);
}
