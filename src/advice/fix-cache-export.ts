import type { Advice } from './define.ts';

const advice: Advice = {
  id: 'fix-cache-export',
  title: 'Mend the export of the cache',
  forBuild({ graph }) {
    const failed = [...graph.steps.values()].find((s) => /exporting cache|preparing build cache for export/.test(s.name) && s.vertex.error);
    const error = failed?.vertex.error;
    if (!failed || error === undefined) return undefined;
    // Registries that take images only (Amazon's, older Harbor, …).
    const refused = /\b(?:400|405)\b|unsupported media type|manifest invalid/i.test(error);
    return {
      summary: refused
        ? 'Export in the form of an image: add `image-manifest=true,oci-mediatypes=true` to `--cache-to`'
        : 'Mend the export of the cache: what this build made is lost to the next',
      saves: [],
      because: [`${failed.id}: ${error}`],
    };
  },
};
export default advice;
