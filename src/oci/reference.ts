/** Names of baselines in a registry: `oci://registry/repository:tag`, a tag for each branch. Pure. */
import { createHash } from 'node:crypto';
import { UserError } from '../errors.ts';

export interface OciReference {
  /** `registry.example.com`, `127.0.0.1:5000`: as docker's configuration names it. */
  readonly registry: string;
  readonly repository: string;
  /** As given, or null: the branch that CI builds. */
  readonly tag: string | null;
  /** Where its API is: `https://registry.example.com`. */
  readonly origin: string;
}

const SCHEME = /^oci(\+http)?:\/\//;
const HOW = 'write oci://registry/repository:tag, for example oci://ghcr.io/team/app-cachewhy:main';

export function isOciReference(text: string): boolean {
  return SCHEME.test(text);
}

/**
 * `oci+http://` and the machine itself go without TLS, everything else with.
 * @throws UserError where the text is no reference
 */
export function parseOciReference(text: string): OciReference {
  const scheme = SCHEME.exec(text);
  const rest = scheme ? text.slice(scheme[0].length) : text;
  const slash = rest.indexOf('/');
  const registry = rest.slice(0, slash);
  const path = rest.slice(slash + 1);
  const colon = path.indexOf(':');
  const repository = colon < 0 ? path : path.slice(0, colon);
  const tag = colon < 0 ? null : path.slice(colon + 1);
  if (!scheme || slash <= 0 || !/^(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/.test(registry))
    throw new UserError(`${shorten(text)} is no reference to a registry`, HOW);
  if (!/^[a-z0-9]+(?:[._/-]{1,2}[a-z0-9]+)*$/.test(repository) || repository.length > 255)
    throw new UserError(`"${shorten(repository)}" is no name of a repository: small letters, digits, and - . _ / between them`, HOW);
  if (tag === '' || (tag !== null && tag.length > 1000)) throw new UserError(`${shorten(text)} has no tag after its colon`, HOW);
  const plain = scheme[1] !== undefined || isLocal(registry);
  const host = registry === 'docker.io' || registry === 'index.docker.io' ? 'registry-1.docker.io' : registry;
  return { registry, repository, tag, origin: `${plain ? 'http' : 'https'}://${host}` };
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

export function isLocal(host: string): boolean {
  return /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d+)?$/.test(host);
}

/** A branch as a tag. What a tag cannot hold becomes `-`, with a hash of the whole so that two branches never meet in one tag. */
export function toTag(branch: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(branch)) return branch;
  const hash = createHash('sha256').update(branch).digest('hex').slice(0, 8);
  const plain = branch
    .slice(0, 200)
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 100);
  return `${plain === '' ? 'branch' : plain}-${hash}`;
}

/** Variables in which CI systems tell the branch that is built: GitHub, GitLab, Buildkite, Jenkins, Azure, Circle, Bitbucket, Drone, Travis. */
const OWN = [
  'GITHUB_HEAD_REF',
  'GITHUB_REF_NAME',
  'CI_MERGE_REQUEST_SOURCE_BRANCH_NAME',
  'CI_COMMIT_REF_NAME',
  'BUILDKITE_BRANCH',
  'CHANGE_BRANCH',
  'BRANCH_NAME',
  'SYSTEM_PULLREQUEST_SOURCEBRANCH',
  'BUILD_SOURCEBRANCHNAME',
  'CIRCLE_BRANCH',
  'BITBUCKET_BRANCH',
  'DRONE_SOURCE_BRANCH',
  'DRONE_BRANCH',
  'TRAVIS_PULL_REQUEST_BRANCH',
  'TRAVIS_BRANCH',
];
/** And the branch that a pull request goes to, and the main one. */
const TARGET = [
  'GITHUB_BASE_REF',
  'CI_MERGE_REQUEST_TARGET_BRANCH_NAME',
  'BUILDKITE_PULL_REQUEST_BASE_BRANCH',
  'CHANGE_TARGET',
  'SYSTEM_PULLREQUEST_TARGETBRANCH',
  'BITBUCKET_PR_DESTINATION_BRANCH',
  'DRONE_TARGET_BRANCH',
  'CI_DEFAULT_BRANCH',
  'BUILDKITE_PIPELINE_DEFAULT_BRANCH',
];

type Env = Readonly<Record<string, string | undefined>>;

function first(env: Env, names: readonly string[]): string | undefined {
  return names.map((name) => env[name]).find((value) => value !== undefined && value !== '');
}

const branchName = (ref: string): string => ref.replace(/^refs\/heads\//, '');

/** The tag under which this build is saved. */
export function ownTag(reference: OciReference, env: Env): string {
  return toTag(reference.tag ?? branchName(first(env, OWN) ?? 'main'));
}

/** Tags to look for a baseline, best first: the branch's own, the one it goes to, the main one. */
export function tagsToRead(reference: OciReference, env: Env): string[] {
  const targets = TARGET.flatMap((name) => (env[name] ? [toTag(branchName(env[name]))] : []));
  return [...new Set([ownTag(reference, env), ...targets, 'main', 'master'])];
}
