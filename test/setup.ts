import { execFileSync } from 'node:child_process';

/** Builds the command line once, so that the tests which spawn it test the code as it stands. */
export default function setup(): void {
  // Node 20 parses NODE_EXTRA_CA_CERTS at every start (nodejs/node#40524): the tests spawn many processes.
  delete process.env.NODE_EXTRA_CA_CERTS;
  execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
}
