/** Reads the files of a tar archive held in memory: plain files with short names, as OCI layouts have. */

const BLOCK = 512;

/** @returns files by path; a cut archive gives what is whole */
export function readTar(archive: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header[0] === 0) break;
    const size = Number.parseInt(text(header, 124, 12), 8);
    if (!Number.isSafeInteger(size) || size < 0) break;
    const type = header[156];
    const start = at + BLOCK;
    if ((type === 0x30 || type === 0) && start + size <= archive.length) {
      const prefix = text(header, 257, 5) === 'ustar' ? text(header, 345, 155) : '';
      const name = text(header, 0, 100);
      files.set((prefix === '' ? name : `${prefix}/${name}`).replace(/^\.\//, ''), archive.subarray(start, start + size));
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

function text(header: Buffer, from: number, length: number): string {
  const field = header.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? length : end).trim();
}
