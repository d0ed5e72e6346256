import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { requirementsSchema } from './requirements-schema.ts'

/** What a requirement is tested on: a server of the gateway, or Cal.com itself. */
export type Surface = 'rest' | 'mcp' | 'upstream'

/** What a test must have to test: see the head of `requirements.yaml`. */
export type Need = 'sight' | 'told' | 'build' | 'memory' | 'second-client' | 'secret'

/** A type of a member with its marks (`string?`, `object-`), members by name, or a list of one kind. */
export type Shape = string | readonly Shape[] | { readonly [member: string]: Shape }

/** An operation as the capability exposes it, in figures of our own. */
export interface OperationFacts {
  readonly name: string
  /** Method and upstream path template. */
  readonly operation: string
  /** Exposed path template. */
  readonly rest: string
  readonly allow: readonly string[]
  readonly tool: string
  readonly arguments: readonly string[]
  readonly required: readonly string[]
  readonly hints: Readonly<Record<'readOnly' | 'destructive' | 'idempotent', boolean>>
  readonly success: number
  readonly response: Readonly<Record<string, Shape>>
  /** Names of the errors Cal.com can give, those of every operation included. */
  readonly errors: readonly string[]
  readonly apiKey: boolean
  readonly source: string
}

/** One behaviour that is promised. */
export interface Requirement {
  readonly id: string
  readonly group: string
  readonly level: 'must' | 'should'
  /** Empty for what the gateway as a whole promises. */
  readonly operations: readonly OperationFacts[]
  readonly surfaces: readonly Surface[]
  readonly needs: readonly Need[]
  readonly rule: string
  readonly source: string
  readonly argument?: string
  readonly accepts: readonly unknown[]
  readonly refuses: readonly unknown[]
  readonly values: Readonly<Record<string, unknown>>
}

/** One error of Cal.com. */
export interface ErrorFacts {
  readonly status: number
  readonly shape: string
  /** Absent where the response has none. */
  readonly code?: string
}

/** The whole of `requirements.yaml`. */
export interface Requirements {
  readonly operations: readonly OperationFacts[]
  readonly requirements: readonly Requirement[]
  readonly responses: Readonly<Record<string, Shape>>
  readonly errors: ReadonlyMap<string, ErrorFacts>
}

/** The file as it is written. */
interface Source {
  readonly operations: Readonly<Record<string, Omit<OperationFacts, 'name'>>>
  readonly responses: Readonly<Record<string, Shape>>
  readonly errors: Readonly<Record<string, ErrorFacts>> & { readonly everywhere: readonly string[] }
  readonly requirements: readonly WrittenRequirement[]
}

type Defaults = 'needs' | 'accepts' | 'refuses' | 'values'
type WrittenRequirement = Omit<Requirement, 'operations' | Defaults> &
  Partial<Pick<Requirement, Defaults>> & { readonly operations: string | readonly string[] }

const shipped = new URL('requirements.yaml', import.meta.url)

/** Reads and checks the file. Throws a `TypeError` that says every problem, one a line. */
export function readRequirements(text: string = readFileSync(shipped, 'utf8')): Requirements {
  const source: unknown = parse(text)
  const check = new Ajv({ allErrors: true, allowUnionTypes: true }).compile<Source>(requirementsSchema)
  if (!check(source)) {
    const problems = (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
    throw new TypeError(problems.join('\n'))
  }
  const { everywhere } = source.errors
  const errors = Object.entries(source.errors).flatMap(([name, one]): [string, ErrorFacts][] =>
    'status' in one ? [[name, one]] : [],
  )
  const operations = Object.entries(source.operations).map(
    ([name, facts]): OperationFacts => ({
      ...facts,
      name,
      errors: [...facts.errors, ...(everywhere ?? [])],
    }),
  )
  const problems = findContradictions(source, operations, new Map(errors))
  if (problems.length > 0) throw new TypeError(problems.join('\n'))
  const requirements = source.requirements.map((one) => ({
    needs: [],
    accepts: [],
    refuses: [],
    values: {},
    ...one,
    operations: select(operations, one.operations),
  }))
  return { operations, requirements, responses: source.responses, errors: new Map(errors) }
}

function select(
  operations: readonly OperationFacts[],
  wanted: string | readonly string[],
): readonly OperationFacts[] {
  if (typeof wanted === 'string') return wanted === 'every' ? operations : []
  return operations.filter(({ name }) => wanted.includes(name))
}

/** Finds what a schema cannot say: names that lead nowhere, and ids that stand twice. */
function findContradictions(
  source: Source,
  operations: readonly OperationFacts[],
  errors: ReadonlyMap<string, ErrorFacts>,
): string[] {
  const ids = source.requirements.map(({ id }) => id)
  const names = operations.map(({ name }) => name)
  return [
    ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `${id} stands twice`),
    ...operations.flatMap((one) =>
      one.errors.filter((name) => !errors.has(name)).map((name) => `${one.name}: no error is ${name}`),
    ),
    ...source.requirements.flatMap(({ id, operations: wanted }) =>
      (typeof wanted === 'string' ? [] : wanted)
        .filter((name) => !names.includes(name))
        .map((name) => `${id}: no operation is ${name}`),
    ),
  ]
}
