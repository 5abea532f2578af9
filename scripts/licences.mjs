// The licences of what is bundled into dist: their texts travel with the package, as they ask for.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The folder of the package that a bundled file belongs to; null for our own. */
function packageOf(file) {
  const at = file.lastIndexOf('node_modules/');
  if (at < 0) return null;
  const [scope, name] = file.slice(at + 'node_modules/'.length).split('/');
  return file.slice(0, at + 'node_modules/'.length) + (scope.startsWith('@') ? `${scope}/${name}` : scope);
}

/**
 * @param root of the project
 * @param metafile esbuild's
 * @returns a text that names each package with the licence it comes under
 * @throws where a package has no text of a licence
 */
export function collectLicences(root, metafile) {
  const folders = new Set();
  for (const { inputs } of Object.values(metafile.outputs))
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = bytesInOutput > 0 ? packageOf(file) : null;
      if (folder !== null) folders.add(folder);
    }
  const parts = new Map();
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'));
    const file = readdirSync(path.join(root, folder)).find((f) => /^(?:licen[cs]e|copying)(?:[.-]|$)/i.test(f));
    if (file === undefined) throw new Error(`${name} has no text of its licence`);
    parts.set(`${name} ${version} (${license})`, readFileSync(path.join(root, folder, file), 'utf8').trim());
  }
  const texts = [...parts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([title, text]) => `${title}\n\n${text}\n`);
  return `The command line of cachewhy holds code of these packages.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}
