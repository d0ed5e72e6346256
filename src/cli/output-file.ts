import { randomUUID } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
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

/**
 * Puts a text in the place of what a file says, or leaves the file as it was: a write that ends halfway would lose what is
 * not its own. Links and the mode of the file stay. Throws as `writeTo` does.
 */
export function replaceFile(file: string, text: string): void {
  writeTo(file, () => {
    mkdirSync(dirname(resolve(file)), { recursive: true })
    // What a link names and is not there yet is created through the link.
    if (!existsSync(file) && lstatSync(file, { throwIfNoEntry: false })) appendFileSync(file, '')
    const isThere = existsSync(file)
    const target = isThere ? realpathSync(file) : resolve(file)
    const draft = `${target}.${randomUUID()}`
    try {
      // Nobody else may read the draft of a file that they cannot read.
      const mode = isThere ? statSync(target).mode : 0o666
      writeFileSync(draft, text, { flush: true, mode })
      if (isThere) chmodSync(draft, mode)
      renameSync(draft, target)
    } catch (error) {
      rmSync(draft, { force: true })
      throw error
    }
  })
}
