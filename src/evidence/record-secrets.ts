/** Values in a record that must not be shown wherever they stand: builders fill variables into the names of steps. */
import type { Instruction } from '../dockerfile/model.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import { secretsAmong } from '../secrets/report.ts';
import type { BuildRecord } from './build-record.ts';

const LONGEST = 10_000;

/** @returns the values of build arguments, ENV, ARG and LABEL that look like secrets, with quotes taken off */
export function secretsOfRecord(record: BuildRecord): string[] {
  const found = secretsAmong({ ...record.labels, ...record.buildArgs });
  if (record.dockerfile) {
    const { globalArgs, stages } = parseDockerfile(record.dockerfile.text, record.dockerfileName);
    for (const instruction of [...globalArgs, ...stages.flatMap((stage) => stage.instructions)]) found.push(...declared(instruction));
  }
  return found;
}

function declared({ pairs }: Instruction): string[] {
  return pairs.flatMap(({ name, value }) => {
    const bare = value?.replace(/^(["'])(.*)\1$/s, '$2');
    // `ENV TOKEN=$TOKEN` holds nothing itself.
    return bare === undefined || bare.includes('$') || bare.length > LONGEST ? [] : secretsAmong({ [name]: bare });
  });
}
