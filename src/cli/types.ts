import { Command } from 'commander'
import type { DescriptionOptions } from '../description/files.ts'
import { exposePaths } from '../document/exposed-paths.ts'
import { keepLocalReferences } from '../document/local-references.ts'
import { type CommandContext, formatExamples } from './command.ts'
import { addDescriptionOptions } from './description-options.ts'
import { importPeer } from './peer.ts'
import { loadServed } from './served-descriptions.ts'

/** Creates the command that writes TypeScript types for openapi-fetch. */
export function createTypes(context: CommandContext): Command {
  const command = new Command('types')
    .description(
      'Writes TypeScript types of the paths on the REST server, for openapi-fetch. Needs the packages openapi-typescript and typescript.',
    )
    .argument('[file...]', 'descriptions; by default what calgate ships with')
    .addHelpText('after', formatExamples({ 'calgate types petstore.yaml > petstore.d.ts': 'write types' }))
    .action(async (files: readonly string[], options: DescriptionOptions) => {
      const { default: generate, astToString } = await importPeer(
        () => import('openapi-typescript'),
        'openapi-typescript typescript',
      )
      const document = await loadServed(files, options, context)
      const local = keepLocalReferences(exposePaths(document))
      const types = await generate(JSON.stringify(local), { emptyObjectsUnknown: true })
      context.stdout.write(astToString(types))
    })
  return addDescriptionOptions(command)
}
