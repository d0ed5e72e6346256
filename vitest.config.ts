import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const common = {
  // Each test waits for what it is about, and a busy machine needs its time for that. In milliseconds.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 60_000 } },
  setupFiles: ['./test/support/property-seed.ts'],
  // Tests that are concurrent wait for a deadline each.
  maxConcurrency: 30,
  // No test replaces a module, so files may share those that are loaded: loading takes as long as testing.
  isolate: false,
  // Hundreds of gateways start and close in a process: with the usual 16 MB for new objects it spends a tenth of its time on them.
  execArgv: ['--max-semi-space-size=64'],
  // Many tests start programs, which start faster when Node keeps what it has compiled.
  env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/node', import.meta.url)) },
}

/** Tests that start programs, or take seconds each: `make unit` leaves them out. */
const programs = [
  'test/access/matrix.test.ts',
  'test/access/operating.test.ts',
  'test/agreement/agreement.test.ts',
  'test/canaries.test.ts',
  'test/check-node.test.ts',
  'test/cli/loaded-modules.test.ts',
  'test/cli/reload.test.ts',
  'test/cli/tools.test.ts',
  'test/contracts/**/*.test.ts',
  'test/description/document-changes.test.ts',
  'test/description/schema-changes.test.ts',
  'test/healthy.test.ts',
  'test/http/connection-end.test.ts',
  'test/main.test.ts',
  'test/makefile.test.ts',
  'test/manifests.test.ts',
  'test/mcp/stdio.test.ts',
  'test/observability/log-destination.test.ts',
  'test/reliability/faults.test.ts',
  'test/reliability/replay.test.ts',
  'test/reliability/stress.test.ts',
  'test/rules/patterns.test.ts',
  'test/rules/request-files.test.ts',
  'test/rules/types.test.ts',
  'test/scripts/**/*.test.ts',
]

export default defineConfig({
  test: {
    // Most tests wait for processes and sockets a third of their time, so that three at a time keep two CPUs busy.
    maxWorkers: 3,
    globalSetup: ['./test/support/log-search.ts'],
    // Programs that tests start are not measured, and with them what runs only as a program.
    coverage: {
      // Counts in src/ alone: the coverage of V8 makes every library of a test process slower, the TypeScript compiler twice.
      provider: 'istanbul',
      include: ['src/**/*.ts'],
      // Commands run as programs; Redis, the library and the pages are tested by `make test-system`.
      exclude: [
        ...['src/main.ts', 'src/cli/**', 'src/index.ts', 'src/library/**'],
        ...['src/state/redis-*.ts', 'src/state/outbox.ts', 'src/state/sealing.ts'],
        ...['src/http/page.ts', 'src/rest/reference.ts', 'src/mcp/tools-page.ts'],
      ],
      reporter: ['text-summary'],
      thresholds: { lines: 95 },
    },
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      {
        test: {
          ...common,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...programs, 'test/system/**'],
        },
      },
      { test: { ...common, name: 'programs', include: programs } },
      { test: { ...common, name: 'contract', include: ['contracts/**/*.test.ts'] } },
      // Needs npm, a browser or servers of the distribution; `make test-system` runs it.
      {
        test: {
          ...common,
          name: 'system',
          include: ['test/system/*.test.ts'],
          globalSetup: ['./test/system/build.ts'],
        },
      },
    ],
  },
})
