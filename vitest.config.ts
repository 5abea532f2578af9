import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**'],
    globalSetup: ['test/setup.ts'],
    testTimeout: 30_000,
    env: { NO_COLOR: '1' },
  },
});
