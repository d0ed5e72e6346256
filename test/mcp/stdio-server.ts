import { setImmediate } from 'node:timers/promises'
import { serveMcpStdio } from '../../src/mcp/server.ts'
import { answer, createOptions } from './example.ts'

const { options } = createOptions(async ({ input }) => {
  for (let turn = 0; turn < 50; turn += 1) await setImmediate()
  return answer(200, { input })
})
await serveMcpStdio(options, process.env.EXAMPLE_SECRET, process.stdin, process.stdout)
