import { asRecord } from '../document/json.ts'
import { CommandError } from './command.ts'

/** Runs what writes a file. Throws a `CommandError` that names the file where the system refuses that. */
export function writeTo(file: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    const { code, syscall } = asRecord(error)
    if (syscall === undefined) throw error
    throw new CommandError(`${file} cannot be written (${code})`)
  }
}
