import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Most tests wait for processes and sockets, so that two at a time are hardly slower than one.
    maxWorkers: 2,
    reporters: ['default', './test/closing-line.ts'],
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'] } },
      // A trial of generated calls takes seconds on a busy machine.
      { test: { name: 'contract', include: ['contracts/**/*.test.ts'], testTimeout: 60_000 } },
    ],
  },
})
