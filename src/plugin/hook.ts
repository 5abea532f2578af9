/** After `docker build` on a terminal: one or two lines under "What's next". Quick, and never an error. */
import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { BuildRecord } from '../evidence/build-record.ts';
import { fetchRecords } from '../evidence/builder-records.ts';
import { buildxConfigFolder } from '../evidence/docker-client.ts';
import { type LocalBuild, readLocalBuild } from '../evidence/local-state.ts';
import { asObject, asString, parseJson } from '../json.ts';
import { cacheFolder } from '../machine/cache-folder.ts';
import type { BuildReport, MissReport } from '../model.ts';
import { WRAPPED } from '../run/child.ts';
import { diagnoseRecords } from '../run/diagnose-run.ts';
import type { KeptRecords } from '../run/record-keeper.ts';
import { createSnapshots } from '../run/snapshots.ts';
import { duration, lowerFirst, oneLine, plural, truncate } from '../text.ts';
import { PLUGIN_WORD } from './install.ts';

/** Later than this nobody waits for the answer. */
const DEADLINE_MS = 1500;
/** The build that docker asks about ended just now; `docker compose up` asks even if it built nothing. */
const RECENT_MS = 15_000;
/** What builders keep at most (BuildKit: 50 builds, two days); asking for one that is gone costs a second question. */
const KEPT_MS = 47 * 3600_000;
const KEPT_BUILDS = 40;
const MAX_EARLIER = 2;
/** A context that takes longer to look at is looked at for the next time, in the background. */
const SNAPSHOT_MS = 150;

/** @param question the JSON that docker hands over @returns the JSON that docker expects; empty for nothing to say */
export async function answerHook(question: string): Promise<string> {
  try {
    const late = new Promise<null>((resolve) => setTimeout(resolve, DEADLINE_MS, null).unref());
    const text = await Promise.race([sayWhy(question), late]);
    return text === null ? '' : `${JSON.stringify({ Type: 0, Template: escapeTemplate(text) })}\n`;
  } catch {
    return '';
  }
}

async function sayWhy(question: string): Promise<string | null> {
  const asked = asObject(parseJson(question));
  // A failed build says by itself what is wrong; under `cachewhy run` the whole report follows.
  if (asString(asked.CommandError) || process.env[WRAPPED]) return null;
  const folder = buildxConfigFolder();
  const recent = recentBuilds(folder);
  const last = recent[0];
  if (!last) return null;
  const together = last.group === null ? [last] : recent.filter((b) => b.group === last.group);
  const earlierOf = (build: LocalBuild): LocalBuild[] =>
    recent
      .filter(
        (b) =>
          !together.includes(b) &&
          b.builder === build.builder &&
          b.context === build.context &&
          b.dockerfile === build.dockerfile &&
          b.target === build.target,
      )
      .slice(0, MAX_EARLIER);
  const refs = [...new Set(together.flatMap((b) => [b.ref, ...earlierOf(b).map((e) => e.ref)]))];
  const records = new Map((await fetchRecords(refs, { builder: last.builder, timeoutMs: DEADLINE_MS })).map((r) => [r.ref, r]));
  const kept = together.flatMap((local): Kept[] => {
    const record = records.get(local.ref);
    if (!record) return [];
    const earlier = earlierOf(local).flatMap((e): readonly BuildRecord[] => {
      const found = records.get(e.ref);
      return found && found.target === record.target ? [found] : [];
    });
    return [
      {
        local,
        record: { ...record, context: local.context || record.context, dockerfilePath: local.dockerfile || null, group: local.group },
        earlier,
      },
    ];
  });
  if (!kept.some((k) => Date.now() - (k.record.completed ?? 0) < RECENT_MS)) return null;
  const cacheDir = cacheFolder();
  const snapshots = createSnapshots(cacheDir, Math.min(...kept.map((k) => k.record.started ?? 0)));
  const [report] = await diagnoseRecords(
    kept,
    { command: null, commandText: '', snapshots, deadline: performance.now() + SNAPSHOT_MS, notes: [] },
    { format: [], remember: true, failOn: [], protect: [] },
  );
  snapshots.stop();
  if (report?.notes.some((n) => n.includes('could not be read in time'))) warmUp(last);
  const first = kept.every((k) => k.earlier.length === 0) && report?.summary.reused === 0;
  return report && !first ? describe(report) : null;
}

type Kept = KeptRecords['records'][number];

/** Reads a big context once, on its own and with the lowest priority: after that a look takes a moment. */
function warmUp({ context, dockerfile }: LocalBuild): void {
  const child = spawn(process.execPath, [process.argv[1]!, PLUGIN_WORD, 'warm-up', context, dockerfile], {
    detached: true,
    stdio: 'ignore',
  });
  child.on('error', () => undefined);
  child.unref();
}

/** Builds that this client started, newest first. */
function recentBuilds(folder: string): LocalBuild[] {
  const root = path.join(folder, 'refs');
  const since = Date.now() - KEPT_MS;
  const found: { readonly ref: string; readonly time: number }[] = [];
  for (const builder of names(root)) {
    if (builder === '__group__') continue;
    for (const node of names(path.join(root, builder)))
      for (const ref of names(path.join(root, builder, node))) {
        const time = statSync(path.join(root, builder, node, ref), { throwIfNoEntry: false })?.mtimeMs ?? 0;
        if (time > since) found.push({ ref: `${builder}/${node}/${ref}`, time });
      }
  }
  found.sort((a, b) => b.time - a.time);
  return found.slice(0, KEPT_BUILDS).flatMap(({ ref }) => readLocalBuild(folder, ref) ?? []);
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The first miss, its cause and what it cost; nothing where all is well, or where there is nothing to compare with. */
function describe(report: BuildReport): string | null {
  const miss = report.misses[0];
  if (!miss || report.outcome !== 'succeeded') return null;
  const cost = miss.seconds + miss.cascadeSeconds;
  const below = miss.cascade.length === 0 ? '' : ` and dragged ${plural(miss.cascade.length, 'step')} along`;
  const more =
    report.misses.length === 1 ? '' : ` ${report.misses.length - 1} more first ${report.misses.length === 2 ? 'miss' : 'misses'}.`;
  return [
    `Cache: ${truncate(oneLine(miss.name), 60)} missed${below} (${duration(cost)}): ${reason(miss)}.${more}`,
    'See the whole story with docker cachewhy last',
  ].join('\n');
}

function reason(miss: MissReport): string {
  const cause = miss.causes[0]!;
  const summary = oneLine(cause.summary).replace(/\.$/, '');
  const how = cause.confidence === 'certain' ? '' : cause.confidence === 'likely' ? 'probably ' : 'perhaps ';
  return `${how}${truncate(lowerFirst(summary), 140)}`;
}

/** The reply is a Go template: its braces are taken literally. */
function escapeTemplate(text: string): string {
  return text.replaceAll('{{', '{{"{{"}}');
}
