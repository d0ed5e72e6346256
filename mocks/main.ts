import { startCalCom } from './cal-com/server.ts'
import { readMockChoice } from './choice.ts'
import { startPrism } from './prism.ts'

/** Each mock by name: listens on a port of 127.0.0.1, and stops when it is disposed of. */
const starters = { prism: startPrism, stateful: startCalCom }

async function run(): Promise<void> {
  const { name, port } = readMockChoice(process.env)
  const mock = await starters[name]({ port }).catch((error) => {
    if (error.code === 'EADDRINUSE')
      throw new RangeError(`port ${port} is in use; set MOCK_PORT to another port`)
    throw error
  })
  process.stdout.write(`The mock of Cal.com (${name}) is ready at ${mock.url}\n`)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => mock[Symbol.asyncDispose]().then(() => process.exit(0)))
}

run().catch((error) => {
  process.stderr.write(`mock: ${error instanceof RangeError ? error.message : error.stack}\n`)
  process.exit(1)
})
