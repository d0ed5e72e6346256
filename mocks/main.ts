import { CommandError } from '../src/cli/command.ts'
import { descriptionUsage, formatProblems, loadArguments } from '../src/cli/descriptions.ts'
import { startCalCom } from './cal-com/server.ts'
import { readMockChoice } from './choice.ts'
import { startPrism } from './prism.ts'

/** Each mock by name: listens on a port of 127.0.0.1, and stops when it is disposed of. */
const starters = { prism: startPrism, stateful: startCalCom }

const usage = `Usage: npm run mock                    start a mock of Cal.com
       npm run mock -- FILE… [options] start Prism in the place of the APIs that descriptions are about

${descriptionUsage}`

/** The document of the descriptions that the arguments name; none without arguments. */
async function loadDocument(args: readonly string[]): Promise<object | undefined> {
  if (args.length === 0) return undefined
  const { document, problems, isRefused } = await loadArguments(args, usage)
  process.stderr.write(formatProblems(problems))
  if (!document || isRefused) throw new CommandError('nothing is mocked until these problems are mended')
  return document
}

async function run(): Promise<void> {
  const { name, port } = readMockChoice(process.env)
  const document = await loadDocument(process.argv.slice(2))
  const start = document ? startPrism({ document, port }) : starters[name]({ port })
  const mock = await start.catch((error) => {
    if (error.code === 'EADDRINUSE')
      throw new RangeError(`port ${port} is in use; set MOCK_PORT to another port`)
    throw error
  })
  const mocked = document ? 'The mock (prism)' : `The mock of Cal.com (${name})`
  process.stdout.write(`${mocked} is ready at ${mock.url}\n`)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => mock[Symbol.asyncDispose]().then(() => process.exit(0)))
}

run().catch((error) => {
  process.stderr.write(
    `mock: ${error instanceof RangeError || error instanceof CommandError ? error.message : error.stack}\n`,
  )
  process.exit(1)
})
