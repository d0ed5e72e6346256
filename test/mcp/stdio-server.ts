import { setImmediate } from 'node:timers/promises'
import { createStdioOffer } from '../../src/mcp/server.ts'
import { openStdio } from '../../src/mcp/stdio.ts'
import { createRunLogger } from '../support/run-log.ts'
import { answer, createOptions } from './example.ts'

const { options } = createOptions(async ({ input }) => {
  for (let turn = 0; turn < 50; turn += 1) await setImmediate()
  return answer(200, { input })
})
const logger = createRunLogger((line) => process.stderr.write(line))
const offer = createStdioOffer({ ...options, logger }, () => process.env.EXAMPLE_SECRET)
await openStdio(offer, process.stdin, process.stdout).ended
