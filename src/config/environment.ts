import { readFileSync } from 'node:fs'
import type { VariableDescription } from './api-variables.ts'
import { readCertificates } from './certificates.ts'
import { type GatewayKey, readKeyFile } from './gateway-keys.ts'

/** The environment as the process has it. */
export type Environment = Readonly<Record<string, string | undefined>>

/** So many calls in so many milliseconds. */
export interface Rate {
  readonly calls: number
  readonly window: number
}

const credential = /^[\x21-\x7e]{1,512}$/
const windows: Readonly<Record<string, number>> = { s: 1_000, min: 60_000, h: 3_600_000 }

/** Reads variables as what they should be, and collects a sentence for each that is not; never its value. */
export class EnvironmentReader<Name extends string> {
  readonly problems: string[]
  /** The files that were read. */
  readonly files: string[]
  readonly #environment: Environment
  readonly #variables: Readonly<Record<Name, VariableDescription>>

  constructor(
    environment: Environment,
    variables: Readonly<Record<Name, VariableDescription>>,
    { problems, files }: Pick<EnvironmentReader<string>, 'problems' | 'files'>,
  ) {
    this.#environment = environment
    this.#variables = variables
    this.problems = problems
    this.files = files
  }

  /** Returns the text of a variable, its default where it is empty or not set. */
  text(name: Name): string {
    return this.#environment[name]?.trim() || this.#default(name)
  }

  /** Notes a problem unless the variable is what it must be, or is known not to be something else. */
  expect(name: Name, holds: boolean, what: string): void {
    const problem = `${name} must be `
    if (!holds && !this.problems.some((one) => one.startsWith(problem))) this.problems.push(problem + what)
  }

  integer(name: Name, least: number, most: number): number {
    const text = this.text(name)
    const holds = /^\d{1,9}$/.test(text) && +text >= least && +text <= most
    this.expect(name, holds, `an integer from ${least} to ${most}`)
    return Number(text)
  }

  /** Reads one of a few words; the default of a variable counts as one of them. */
  choice<Word extends string>(name: Name, words: readonly Word[]): Word | undefined {
    const text = this.text(name)
    const word = words.find((one) => one === text)
    this.expect(name, word !== undefined || text === this.#default(name), `one of ${words.join(', ')}`)
    return word
  }

  /**
   * Reads a credential or an id, from the variable or from the file that its twin names, for secrets that are mounted
   * rather than passed.
   */
  secret(
    this: EnvironmentReader<string>,
    name: string,
    form: Pick<RegExp, 'test'> = credential,
    what = '1 to 512 visible ASCII characters',
  ): string | undefined {
    const twin = `${name}_FILE` as const
    const path = this.text(twin)
    const own = this.text(name)
    if (path !== '' && own !== '') this.problems.push(`${name} and ${twin} must not both be set`)
    const text = path === '' ? own : this.#read(path)
    const source = path === '' ? name : twin
    const expected = path === '' ? what : `a readable file of ${what}`
    this.expect(source, (text === '' && path === '') || form.test(text), expected)
    return text === '' ? undefined : text
  }

  /** Reads a secret that comes from a file alone; undefined where the variable names none. */
  file(name: Name, form: RegExp, what: string): string | undefined {
    const path = this.text(name)
    const text = path === '' ? '' : this.#read(path)
    this.expect(name, path === '' || form.test(text), `a readable file of ${what}`)
    return text === '' ? undefined : text
  }

  /** Lists comma-separated names, in lower case. */
  list(name: Name): string[] {
    const names = this.text(name).toLowerCase().split(',')
    return names.map((one) => one.trim()).filter(Boolean)
  }

  /** Reads PEM certificates from the file that the variable names. */
  certificates(name: Name): string | undefined {
    const file = this.text(name)
    if (file !== '') this.files.push(file)
    const text = file === '' ? undefined : readCertificates(file)
    this.expect(name, file === '' || text !== undefined, 'a readable file of PEM certificates')
    return text
  }

  /** Reads keys from the file that the variable names; undefined where it names none. */
  keys(name: Name): readonly GatewayKey[] | undefined {
    const file = this.text(name)
    if (file === '') return undefined
    this.files.push(file)
    const { keys, problems } = readKeyFile(file)
    this.problems.push(...problems.map((one) => `${name}: ${one}`))
    return keys
  }

  /** Reads a share, such as `1/10`, as a number from 0 to 1; `off` is 0. */
  share(name: Name): number {
    const [, count] = /^1\/([1-9]\d{0,5})$/.exec(this.text(name)) ?? []
    this.expect(name, count !== undefined || this.text(name) === 'off', 'off, or one of so many such as 1/10')
    return count === undefined ? 0 : 1 / Number(count)
  }

  /** Reads a rate; undefined for `off`. */
  rate(name: Name): Rate | undefined {
    const text = this.text(name)
    const [, calls, unit = ''] = /^([1-9]\d{0,8})\/(s|min|h)$/.exec(text) ?? []
    const holds = calls !== undefined || text === 'off'
    this.expect(name, holds, 'off, or a number per s, min or h such as 600/min')
    return calls === undefined ? undefined : { calls: Number(calls), window: windows[unit] ?? 0 }
  }

  #read(path: string): string {
    this.files.push(path)
    return readText(path)
  }

  #default(name: Name): string {
    return this.#variables[name].default
  }
}

/** Reads the text of a small file without the line end that editors add; empty when it cannot be read. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}
