#!/usr/bin/env node
// CommonJS, as bin/package.json says: Node's loader of ES modules alone costs a sixth of its start.
require('../dist/cli.cjs');
