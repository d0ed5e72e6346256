import type { Description } from './description.ts'
import type { MergeOptions } from './merge.ts'
import type { DescriptionProblem, PlacedMember } from './problem.ts'

interface NamedFile {
  readonly file: string
}

/** Options that may have no effect, and the descriptions that they were given for. */
interface GivenOptions extends Pick<MergeOptions, 'prefixes' | 'foreignNames' | 'findPlace'> {
  readonly files: readonly NamedFile[]
  readonly schemas: readonly NamedFile[]
  readonly allowReferences: readonly string[]
}

/** What descriptions came to, as far as an option may have had no effect on it. */
interface Loaded {
  readonly descriptions: readonly Description[]
  /** The beginnings of those that references outside of the folders have. */
  readonly followed: ReadonlySet<string>
}

/** Finds the options that have no effect on descriptions: each was meant for something that is not there. */
export function findIdleOptions(
  options: GivenOptions,
  { descriptions, followed }: Loaded,
): DescriptionProblem[] {
  const { allowReferences, schemas, prefixes, foreignNames = [], findPlace } = options
  const [first] = options.files
  const report = (
    message: string,
    expected: string,
    member?: PlacedMember,
    text = '',
  ): DescriptionProblem => ({
    ...{ file: first?.file ?? '', line: 1, column: 1, message, expected, severity: 'error' },
    ...(member && findPlace?.(member, text)),
  })
  const isOwn = (text: string) => !foreignNames.includes(text)
  const isUntyped = !descriptions.some(({ kind }) => kind === 'capability')
  const isUnprefixed = prefixes.has('') && !descriptions.some(({ kind }) => kind === 'openapi')
  return [
    ...allowReferences
      .filter((one) => isOwn(one) && !followed.has(one))
      .map((one) =>
        report(
          `no reference begins with ${JSON.stringify(one)}`,
          'no --allow-ref, or the beginning of one',
          'allowReferences',
          one,
        ),
      ),
    ...schemas
      .filter(({ file }) => isOwn(file) && isUntyped)
      .map(({ file }) =>
        report(`${file} types nothing: no description is a capability`, 'no --schemas', 'schemas', file),
      ),
    ...(isUnprefixed
      ? [report('a prefix without a name is for OpenAPI documents', `--prefix ${descriptions[0]?.name}=/…`)]
      : []),
  ]
}
