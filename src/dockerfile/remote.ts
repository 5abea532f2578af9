/** What ADD fetches instead of reading it from the build context. https://github.com/moby/buildkit/blob/master/frontend/dockerfile/dfgitutil/git_ref.go */

/** `git@github.com:org/repo.git`, `github.com/org/repo` */
const GIT = /^(?:git:\/\/|ssh:\/\/|git@[^/]+[:/]|github\.com\/)/;
/** `https://host/org/repo.git#ref:folder` */
const GIT_HTTP = /^https?:\/\/[^?#]*\.git(?:[?#].*)?$/;

function isGit(source: string): boolean {
  return GIT.test(source) || GIT_HTTP.test(source);
}

export function isRemote(source: string): boolean {
  return /^https?:\/\//.test(source) || isGit(source);
}
