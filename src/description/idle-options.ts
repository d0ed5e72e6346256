import type { Description } from './description.ts'
import type { DescriptionProblem, FindPlace, PlacedMember } from './problem.ts'
import { explainUnmatched, type UnmatchedName } from './selection.ts'

interface NamedFile {
  readonly file: string
}

/** Options that may have no effect, and the descriptions that they were given for. */
export interface GivenOptions {
  readonly files: readonly NamedFile[]
  readonly schemas: readonly NamedFile[]
  readonly allowReferences: readonly string[]
  readonly serverVariables: ReadonlyMap<string, string>
  readonly prefixes: ReadonlyMap<string, string>
  /** Names that are no mistake where no description has them. */
  readonly foreignNames?: readonly string[]
  /** Finds names where settings have them, for what is wrong with one. */
  readonly findPlace?: FindPlace | undefined
}

/** What descriptions came to, as far as an option may have had no effect on it. */
interface Loaded {
  readonly descriptions: readonly Description[]
  /** The beginnings of those that references outside of the folders have. */
  readonly followed: ReadonlySet<string>
  /** The variables of their servers. */
  readonly variables: ReadonlySet<string>
  readonly unmatched: readonly UnmatchedName[]
}

/** Finds the options that have no effect on descriptions: each was meant for something that is not there. */
export function findIdleOptions(
  options: GivenOptions,
  { descriptions, followed, variables, unmatched }: Loaded,
): DescriptionProblem[] {
  const { allowReferences, schemas, prefixes, serverVariables, foreignNames = [], findPlace } = options
  const place = { file: options.files[0]?.file ?? '', line: 1, column: 1, severity: 'error' } as const
  const report = (
    member: PlacedMember,
    name: string,
    why: Pick<DescriptionProblem, 'message' | 'expected'>,
  ): DescriptionProblem[] =>
    foreignNames.includes(name) ? [] : [{ ...place, ...why, ...findPlace?.(member, name) }]
  const isUntyped = !descriptions.some(({ kind }) => kind === 'capability')
  const isUnprefixed = prefixes.has('') && !descriptions.some(({ kind }) => kind === 'openapi')
  const unknown = [...serverVariables.keys()].filter((name) => !variables.has(name))
  return [
    ...unknown.flatMap((name) =>
      report('serverVariables', name, {
        message: `"${name}" is a variable of no server that is used`,
        expected: variables.size > 0 ? `one of ${[...variables].join(', ')}` : 'no --server-variable',
      }),
    ),
    ...unmatched.flatMap((one) => report(one.member, one.name, explainUnmatched(one))),
    ...allowReferences
      .filter((one) => !followed.has(one))
      .flatMap((one) =>
        report('allowReferences', one, {
          message: `no reference begins with ${JSON.stringify(one)}`,
          expected: 'no --allow-ref, or the beginning of one',
        }),
      ),
    ...(isUntyped ? schemas : []).flatMap(({ file }) =>
      report('schemas', file, {
        message: `${file} types nothing: no description is a capability`,
        expected: 'no --schemas',
      }),
    ),
    ...(isUnprefixed
      ? [
          {
            ...place,
            message: 'a prefix without a name is for OpenAPI documents',
            expected: `--prefix ${descriptions[0]?.name}=/…`,
          },
        ]
      : []),
  ]
}
