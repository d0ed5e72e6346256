import { expect, test, vi } from 'vitest'
import ClosingLine from './support/closing-line.ts'
import { folderVariable } from './support/run-log.ts'

test('a run that finds no test file says so', () => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const folder = process.env[folderVariable]
  // Vitest prepares nothing for a run without files.
  delete process.env[folderVariable]
  try {
    new ClosingLine().onTestRunEnd([], [])
    expect(write.mock.calls).toEqual([['0 passed, 0 failed: no test file was found\n']])
  } finally {
    process.env[folderVariable] = folder
    write.mockRestore()
  }
})
