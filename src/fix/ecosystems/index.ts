import { node } from './node.ts';
import { bundler, composer, dotnet, go, gradle, maven, mix } from './others.ts';
import { pip, pipenv, poetry, uv } from './python.ts';
import type { Ecosystem } from './types.ts';

export { COMPILES } from './others.ts';

/** Package managers whose installs can stand above the copy of the sources. */
export const ecosystems: readonly Ecosystem[] = [node, pip, uv, poetry, pipenv, go, composer, bundler, maven, gradle, dotnet, mix];
