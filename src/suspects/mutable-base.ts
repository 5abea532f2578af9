/**
 * A base image by a tag that moves, taken from this machine without asking the registry: `FROM docker.io/library/node:latest` without the
 * `@sha256:…` that a look-up leaves in the name.
 */
import type { BuildCommand } from '../command/types.ts';
import { isHit, type StepGraph } from '../graph/step.ts';
import type { SuspectHit } from '../model.ts';

/** Images that everybody pulls: an image of another name may have been built here, and then there is nothing to pull. */
const PUBLIC =
  /^(?:docker\.io\/)?(?:library\/)?(?:alpine|amazonlinux|busybox|buildpack-deps|caddy|composer|debian|eclipse-temurin|elixir|fedora|golang|gradle|haproxy|httpd|maven|mariadb|mongo|mysql|nginx|node|openjdk|perl|php|postgres|python|redis|rockylinux|ruby|rust|swift|ubuntu)(?=[:@]|$)/;
/** Tags that are made to move. */
const ROLLING = /^(?:latest|stable|edge|rolling|devel|testing|unstable|sid|lts|current|mainline|nightly|slim|alpine)$/;

export function findMutableBases(graph: StepGraph, command: BuildCommand | null): SuspectHit[] {
  // Frames of a terminal cut names, other builders show none: only these show the digest where there was a look-up.
  if (command?.pull || (graph.log.dialect !== 'plain' && graph.log.dialect !== 'rawjson')) return [];
  const found: SuspectHit[] = [];
  const seen = new Set<string>();
  for (const step of graph.steps.values()) {
    if (step.parsed.instruction !== 'FROM') continue;
    const image = /^FROM (?:--\S+ )*(\S+)/.exec(step.parsed.text)?.[1];
    if (image === undefined || image.includes('@') || seen.has(image) || !PUBLIC.test(image)) continue;
    const tag = /:([^:/]+)$/.exec(image)?.[1] ?? 'latest';
    if (!ROLLING.test(tag)) continue;
    const above = [...graph.steps.values()].find((s) => isHit(s) && s.inputs.includes(step.id));
    if (!above || step.pulled) continue;
    seen.add(image);
    found.push({
      step: above.id,
      name: above.name,
      kind: 'mutable-base',
      summary: `${image} is the one that this machine has: the registry was not asked for a newer one`,
      because: [
        `${step.id} shows the tag without a digest: it was taken from the images of this machine`,
        `${above.id} stands on it and was reused`,
      ],
      ageSeconds: null,
      fix: 'Build with `--pull` now and then, or pin the digest and let a bot (Renovate, Dependabot) raise it.',
    });
  }
  return found;
}
