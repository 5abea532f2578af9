import type { Cause } from './define.ts';

const cause: Cause = {
  kind: 'unexplained',
  title: 'Not explained',
  docs: {
    what: 'The evidence at hand does not carry a cause. The report says what was looked at and ruled out.',
    known: 'It is the honest last resort.',
    fix: 'Give cachewhy more to look at: run it in the project folder, wrap the build (`cachewhy run -- docker build .`), or ask the builder (`cachewhy last`).',
    example: '',
  },
};
export default cause;
