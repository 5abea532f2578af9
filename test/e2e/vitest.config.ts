import { defineConfig } from 'vitest/config';

/** The suite on a real engine: `npm run e2e`. It takes the engine in DOCKER_HOST or the current context. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    globalSetup: ['test/e2e/setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Builds that run side by side on a small machine only wait for each other.
    maxWorkers: 2,
    // An engine on a busy machine may fail a build that it would not fail again; what fails twice is ours.
    retry: 1,
    env: { NO_COLOR: '1' },
  },
});
