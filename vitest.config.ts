import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const common = {
  // Each test waits for what it is about, and a busy machine needs its time for that. In milliseconds.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // No test replaces a module, so files may share those that are loaded: loading takes as long as testing.
  isolate: false,
  // Many tests start programs, which start faster when Node keeps what it has compiled.
  env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/node', import.meta.url)) },
}

export default defineConfig({
  test: {
    // Most tests wait for processes and sockets, so that two at a time are hardly slower than one.
    maxWorkers: 2,
    globalSetup: ['./test/support/log-search.ts'],
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      { test: { ...common, name: 'unit', include: ['test/**/*.test.ts'] } },
      { test: { ...common, name: 'contract', include: ['contracts/**/*.test.ts'] } },
    ],
  },
})
