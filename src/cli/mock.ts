import { Command } from 'commander'
import type { DescriptionOptions } from '../description/files.ts'
import { type CommandContext, CommandError, formatExamples } from './command.ts'
import { addDescriptionOptions, findOption, mockAddress } from './description-options.ts'
import { startChosenMock } from './mock-start.ts'

interface MockOptions extends DescriptionOptions {
  readonly port?: string
}

/** Creates the command that stands in for an API. */
export function createMock(context: CommandContext): Command {
  const command = new Command('mock')
    .description(
      'Stands in for the API that calgate ships with, by a mock that remembers; with descriptions, Prism stands in for their APIs (needs its packages).',
    )
    .argument('[file...]', 'descriptions; by default what calgate ships with')
    .option('--port <number>', 'port on 127.0.0.1, instead of MOCK_PORT (4010)')
    .addHelpText(
      'after',
      formatExamples({
        'calgate mock': 'the API that calgate ships with',
        'calgate mock petstore.yaml --port 4011': 'another API, by Prism',
      }),
    )
    .action(async (files: readonly string[], options: MockOptions) => {
      const { environment, stdout, onStop } = context
      const document = await loadMocked(files, options, context)
      const port = options.port === undefined ? {} : { MOCK_PORT: options.port }
      const portName = options.port === undefined ? 'MOCK_PORT' : '--port'
      const mock = await startChosenMock({ environment: { ...environment, ...port }, document, portName })
      onStop(async () => mock[Symbol.asyncDispose]())
      stdout.write(`The mock (${mock.name}) is ready at ${mock.url}\n`)
    })
  return addDescriptionOptions(command)
}

async function loadMocked(files: readonly string[], options: DescriptionOptions, context: CommandContext) {
  if (files.length === 0) {
    const option = findOption(options)
    if (option !== undefined) throw new CommandError(`${option} needs a description: name its file`)
    return undefined
  }
  const { loadServed } = await import('./served-descriptions.ts')
  return loadServed(files, { ...mockAddress, ...options }, context)
}
