/** Gets records from the builder while the build still runs: what came before it, so that only the build itself is left to ask for. */
import type { BuildRecord } from '../evidence/build-record.ts';
import { fetchRecords, type ListedBuild, listBuilds } from '../evidence/builder-records.ts';
import { buildxConfigFolder, RecordsUnavailable } from '../evidence/docker-client.ts';
import { type LocalBuild, readLocalBuild } from '../evidence/local-state.ts';
import { buildGraph } from '../graph/build.ts';

export interface RecordKeeper {
  /** A build of ours began: its builder is asked for the builds before it. */
  begin(build: LocalBuild): void;
  /** The records of our builds with those of the same Dockerfile and context before them, newest first. Never rejects. */
  end(builds: readonly LocalBuild[]): Promise<KeptRecords>;
  /** Nothing more is needed: questions under way are dropped. */
  stop(): void;
}

export interface KeptRecords {
  readonly records: readonly { readonly local: LocalBuild; readonly record: BuildRecord; readonly earlier: readonly BuildRecord[] }[];
  /** Why some or all could not be had, one sentence each. */
  readonly problems: readonly string[];
}

/** Of earlier builds this many are asked for: the last that completed is nearly always among them. */
const MAX_EARLIER = 4;
/** Builds that reuse everything are over before this, and need no comparison: the builder is not troubled for them. */
const PATIENCE_MS = 400;
/** A build just over may not be on record yet. */
const RETRIES_MS = [100, 300, 800];

export function keepRecords(env: Readonly<Record<string, string>> = {}): RecordKeeper {
  const folder = buildxConfigFolder({ ...process.env, ...env });
  const lists = new Map<string, Promise<ListedBuild[] | RecordsUnavailable>>();
  const fetched = new Map<string, Promise<BuildRecord[]>>();
  const timers: NodeJS.Timeout[] = [];
  const controller = new AbortController();
  const client = { env, signal: controller.signal };

  const list = (builder: string): Promise<ListedBuild[] | RecordsUnavailable> => {
    let listed = lists.get(builder);
    if (!listed) {
      listed = listBuilds({ builder, ...client }).catch(asUnavailable);
      lists.set(builder, listed);
    }
    return listed;
  };

  /** Records before `build`; the target that the frontend was given is checked on the record itself. */
  const before = (build: LocalBuild): Promise<BuildRecord[]> => {
    let records = fetched.get(build.ref);
    if (!records) {
      records = list(build.builder).then((listed) => (listed instanceof RecordsUnavailable ? [] : fetchEarlier(build, listed)));
      fetched.set(build.ref, records);
    }
    return records;
  };

  const fetchEarlier = async (build: LocalBuild, listed: readonly ListedBuild[]): Promise<BuildRecord[]> => {
    const same = listed
      .filter((l) => l.ref !== build.ref && l.started < build.started && l.status !== 'running' && sameProject(l, build))
      .slice(0, MAX_EARLIER);
    return fetchRecords(
      same.map((l) => l.ref),
      { builder: build.builder, ...client },
    ).catch(() => []);
  };

  const sameProject = (listed: ListedBuild, build: LocalBuild): boolean => {
    const local = readLocalBuild(folder, `${listed.builder}/${listed.node}/${listed.ref}`);
    return local !== undefined && local.context === build.context && local.dockerfile === build.dockerfile;
  };

  return {
    begin: (build) => {
      timers.push(setTimeout(() => void before(build), PATIENCE_MS).unref());
    },
    end: async (builds) => {
      const problems = new Set<string>();
      const found: KeptRecords['records'][number][] = [];
      for (const [builder, group] of groupBy(builds, (b) => b.builder)) {
        const records = await fetchPatiently(
          group.map((b) => b.ref),
          builder,
          env,
        ).catch(asUnavailable);
        if (records instanceof RecordsUnavailable) {
          problems.add(records.reason);
          continue;
        }
        for (const local of group) {
          const record = records.find((r) => r.ref === local.ref);
          if (!record) continue;
          const own = withPaths(record, local);
          const earlier = missedSomething(record) ? await before(local) : [];
          const same = earlier.filter((r) => r.target === record.target && r.platforms.join() === record.platforms.join());
          found.push({ local, record: own, earlier: same });
        }
      }
      return { records: found, problems: [...problems] };
    },
    stop: () => {
      for (const timer of timers) clearTimeout(timer);
      controller.abort();
    },
  };
}

/** Only a miss needs a build to compare with. */
function missedSomething(record: BuildRecord): boolean {
  return buildGraph(record.log).misses.length > 0;
}

async function fetchPatiently(refs: readonly string[], builder: string, env: Readonly<Record<string, string>>): Promise<BuildRecord[]> {
  for (let turn = 0; ; turn++) {
    const last = turn >= RETRIES_MS.length;
    try {
      const records = await fetchRecords(refs, { builder, env });
      if (last || (records.length === refs.length && records.every((r) => r.status !== 'running'))) return records;
    } catch (error) {
      if (last || !(error instanceof RecordsUnavailable) || !/no such build/.test(error.reason)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRIES_MS[turn]));
  }
}

function asUnavailable(error: unknown): RecordsUnavailable {
  if (error instanceof RecordsUnavailable) return error;
  return new RecordsUnavailable(error instanceof Error ? error.message.split('\n')[0]! : 'unknown', '');
}

/** An export does not always say where the context lies; the client's own note does. */
function withPaths(record: BuildRecord, local: LocalBuild): BuildRecord {
  return {
    ...record,
    context: local.context || record.context,
    dockerfilePath: local.dockerfile || record.dockerfilePath,
    group: local.group ?? record.group,
  };
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}
