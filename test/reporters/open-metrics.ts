/** A strict reader of the OpenMetrics text format, written from its grammar and of nothing else: https://prometheus.io/docs/specs/om/open_metrics_spec/ */

export interface MetricFamily {
  readonly type: string;
  readonly unit: string;
  readonly help: string;
  readonly samples: readonly { readonly labels: ReadonlyMap<string, string>; readonly value: number }[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*/;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** @throws Error that names the first line in which the text is no OpenMetrics */
export function readOpenMetrics(text: string): Map<string, MetricFamily> {
  if (!text.endsWith('# EOF\n')) throw new Error('no # EOF at the end');
  if (/\r/.test(text)) throw new Error('a carriage return');
  const families = new Map<string, { type: string; unit: string; help: string; samples: MetricFamily['samples'][number][] }>();
  const series = new Set<string>();
  let current = '';
  const lines = text.split('\n').slice(0, -1);
  for (const [i, line] of lines.entries()) {
    const fail = (why: string): never => {
      throw new Error(`line ${i + 1}: ${why}: ${line}`);
    };
    if (line === '# EOF') {
      if (i !== lines.length - 1) fail('# EOF before the end');
      continue;
    }
    const meta = /^# (TYPE|UNIT|HELP) (\S+) (.*)$/.exec(line);
    if (meta) {
      const [, what, name, value] = meta as unknown as [string, 'TYPE' | 'UNIT' | 'HELP', string, string];
      if (NAME.exec(name)?.[0] !== name) fail('no name of a metric');
      if (name !== current) {
        // The lines of a family stand together.
        if (families.has(name)) fail('the family was closed before');
        families.set(name, { type: 'unknown', unit: '', help: '', samples: [] });
        current = name;
      }
      const family = families.get(name)!;
      if (family.samples.length > 0) fail('a description after the samples');
      const field = what.toLowerCase() as 'type' | 'unit' | 'help';
      if (field === 'type' && !['gauge', 'counter', 'info', 'unknown'].includes(value)) fail('a type that is none');
      if (field === 'unit' && !name.endsWith(`_${value}`)) fail('the unit is no end of the name');
      if (field === 'help' && /\\[^\\n"]/.test(value)) fail('a wrong escape');
      family[field] = value;
      continue;
    }
    if (line.startsWith('#') || line === '') fail('neither description nor sample');
    const name = NAME.exec(line)?.[0] ?? fail('no name');
    if (name !== current) fail('a sample outside of its family');
    const labels = new Map<string, string>();
    let rest = line.slice(name.length);
    if (rest.startsWith('{')) {
      rest = rest.slice(1);
      while (!rest.startsWith('}')) {
        const label: string = LABEL.exec(rest)?.[0] ?? fail('no name of a label');
        const value: RegExpExecArray = /^="((?:[^"\\\n]|\\[\\n"])*)"(,?)/.exec(rest.slice(label.length)) ?? fail('no value of a label');
        if (labels.has(label)) fail('a label twice');
        labels.set(
          label,
          value[1]!.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c)),
        );
        rest = rest.slice(label.length + value[0].length);
        if (value[2] === '' && !rest.startsWith('}')) fail('no comma');
      }
      rest = rest.slice(1);
    }
    if (!rest.startsWith(' ')) fail('no blank before the value');
    const value = rest.slice(1);
    if (!NUMBER.test(value)) fail('the value is no number');
    const key = `${name} ${JSON.stringify([...labels].sort())}`;
    if (series.has(key)) fail('the series twice');
    series.add(key);
    families.get(name)!.samples.push({ labels, value: Number(value) });
  }
  return families;
}
