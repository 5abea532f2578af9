/** What one commit's build is made of, before any key is looked up: the plan of its Dockerfile, and its context seen through the ignore file. */
import { compileIgnore, type IgnoreRules } from '../context/dockerignore.ts';
import type { CopySelection } from '../context/select.ts';
import { type FileChange, findNode, type GitNode } from '../git/snapshot.ts';
import { makePlan, type Plan, type PlanOptions } from './plan.ts';
import type { TreeOptions } from './sent-tree.ts';
import { type ContextView, createView } from './view.ts';

export interface PrepareOptions extends PlanOptions, Omit<TreeOptions, 'rules'> {
  /** Folder of the context in the repository, '' for its root. */
  readonly context: string;
  /** Build arguments that have another value in each build. */
  readonly changingArgs: readonly string[];
  /** Tags of base images move every so many days; null: never. */
  readonly baseDays: number | null;
  /** `.git` is in the context: it differs at each commit. */
  readonly withGit: boolean;
}

/** The build's files as of one commit. */
export interface CommitFiles {
  readonly commit: { readonly oid: string; readonly subject: string; readonly time: number };
  readonly root: GitNode;
  readonly changes: readonly FileChange[];
  /** null: there is none. */
  readonly dockerfile: { readonly path: string; readonly text: string } | null;
  /** Text of the ignore file that applies; '' where there is none. */
  readonly ignore: string;
  /** From the root of the repository; null where there is none. */
  readonly ignorePath: string | null;
  /** Files that were rewritten: path in the context → content. */
  readonly replaced?: ReadonlyMap<string, string>;
}

export interface Prepared {
  readonly plan: Plan;
  readonly view: ContextView;
  /** What `.git` holds; '' where it is not in the context. */
  readonly git: string;
  /** Which of the images a tag is taken to point to. */
  readonly age: string;
}

export interface Preparer {
  /** @returns why the build cannot begin, where it cannot */
  prepare(files: CommitFiles): Prepared | string;
  /** The same context through another ignore file, as it stands in the repository. */
  viewThrough(ignore: string, root: GitNode | null): ContextView;
}

/** Would a selection take `.git`, were it there? */
export function takesGit(selection: CopySelection): boolean {
  return selection.sources.some((s) => /^(?:\.?\/?|\.?\/?\.git(?:\/.*)?|\.?\/?\.?\*)$/.test(s));
}

/** Views are kept for the ignore files used last: histories go back and forth. */
const MAX_VIEWS = 4;
const MAX_PLANS = 200;
const NOTHING: ReadonlyMap<string, string> = new Map();

export function createPreparer(options: PrepareOptions): Preparer {
  const plans = new Map<string, Plan>();
  const views = new Map<string, { readonly rules: IgnoreRules; readonly view: ContextView }>();

  const planOf = (text: string, path: string, commit: string): Plan => {
    const changing = options.changingArgs.length > 0;
    const key = changing ? `${commit}\0${text}` : text;
    let plan = plans.get(key);
    if (!plan) {
      if (plans.size >= MAX_PLANS) plans.clear();
      const values = Object.fromEntries(options.changingArgs.map((name) => [name, commit]));
      plan = makePlan(text, path, changing ? { ...options, buildArgs: { ...options.buildArgs, ...values } } : options);
      plans.set(key, plan);
    }
    return plan;
  };

  const viewOf = (ignore: string): { readonly rules: IgnoreRules; readonly view: ContextView } => {
    let found = views.get(ignore);
    views.delete(ignore);
    if (!found) {
      const rules = compileIgnore(ignore);
      found = { rules, view: createView({ ...options, rules }) };
    }
    views.set(ignore, found);
    for (const key of views.keys()) {
      if (views.size <= MAX_VIEWS) break;
      views.delete(key);
    }
    return found;
  };

  return {
    prepare(files) {
      if (!files.dockerfile) return 'the Dockerfile is not there';
      const plan = planOf(files.dockerfile.text, files.dockerfile.path, files.commit.oid);
      if (plan.problem !== null) return plan.problem;
      const folder = findNode(files.root, options.context);
      if (folder?.kind !== 'tree') return `the context ${options.context} is not there`;
      const { rules, view } = viewOf(files.ignore);
      if (rules.error) return `.dockerignore, line ${rules.error.line}: ${rules.error.message}`;
      view.show(folder);
      view.replace(files.replaced ?? NOTHING);
      const git = options.withGit && rules.ignores('.git') === false ? files.commit.oid : '';
      const age = options.baseDays === null ? '' : ` ${Math.floor(files.commit.time / 86_400 / options.baseDays)}`;
      return { plan, view, git, age };
    },
    viewThrough(ignore, root) {
      const { view } = viewOf(ignore);
      view.show(root);
      view.replace(NOTHING);
      return view;
    },
  };
}
