import type { Advice } from './define.ts';

/** Files that no image needs: what people leave in a build context. */
const JUNK =
  /^(?:README|CHANGELOG|CONTRIBUTING|LICENSE|NOTICE|AUTHORS)[^/]*$|^(?:docs?|documentation|coverage|\.github|\.gitlab|\.circleci|\.vscode|\.idea|\.git|\.cache|__pycache__|node_modules|\.pytest_cache|\.mypy_cache|\.tox|\.venv|venv|htmlcov|\.nyc_output|tmp|logs?)\/|(?:^|\/)(?:\.DS_Store|Thumbs\.db|[^/]+\.(?:log|md|swp|orig|bak|tmp|pyc)|docker-compose[^/]*\.ya?ml|compose[^/]*\.ya?ml|\.gitlab-ci\.yml|\.gitignore|\.editorconfig|Jenkinsfile|Makefile|notes\.txt)$/i;
const DOCKER_FILES = /^(?=[^/]*$)(?:[^/]*Dockerfile|[^/]*\.dockerignore$|Containerfile$)/i;

const advice: Advice = {
  id: 'ignore-files',
  title: 'Keep files that the image does not need out of the context',
  forMiss(view, causes) {
    const top = causes[0];
    if (top?.kind !== 'context-files-changed' || !top.paths || top.paths.length === 0 || top.morePaths) return undefined;
    const paths = top.paths.map((p) => p.path);
    if (!paths.every((p) => JUNK.test(p) || DOCKER_FILES.test(p))) return undefined;
    const git = paths.some((p) => p.startsWith('.git/'));
    const lines = [...new Set(paths.map(pattern))];
    return {
      summary: `Add ${lines.map((l) => `\`${l}\``).join(', ')} to .dockerignore: ${lines.length === 1 ? 'it is copied but changes' : 'they are copied but change'} nothing that is built`,
      saves: [view.step, ...view.miss.cascade],
      because: [
        `only ${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ', …' : ''} changed`,
        ...(git
          ? ['if the version of your program is read from git while it is built, mount .git in that one RUN instead of copying it']
          : []),
        ...(paths.some((p) => DOCKER_FILES.test(p)) ? ['Docker finds an ignored Dockerfile all the same'] : []),
      ],
      proof: 'safe only if no step reads these files',
    };
  },
};
export default advice;

function pattern(path: string): string {
  const first = path.split('/')[0] ?? path;
  if (path.includes('/') && JUNK.test(`${first}/`)) return first;
  return path;
}
