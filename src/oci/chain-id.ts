import { createHash } from 'node:crypto';

/** The chain id of layers (https://github.com/opencontainers/image-spec/blob/main/config.md#layer-chainid); null where there are none. */
export function chainId(diffIds: readonly string[]): string | null {
  let chain: string | null = null;
  for (const id of diffIds) chain = chain === null ? id : `sha256:${createHash('sha256').update(`${chain} ${id}`).digest('hex')}`;
  return chain;
}
