import { asRecord } from '../document/json.ts'
import { CommandError } from './command.ts'

/**
 * Imports an optional package. Throws a `CommandError` that says what to install where it is missing; `packages` are
 * names for npm, separated by spaces.
 */
export async function importPeer<Module>(load: () => Promise<Module>, packages: string): Promise<Module> {
  return load().catch((error: unknown) => {
    if (asRecord(error).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new CommandError(`this needs packages that are not installed; run: npm install ${packages}`)
  })
}
