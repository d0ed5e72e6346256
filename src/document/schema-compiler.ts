import {
  _,
  type ErrorObject,
  type FuncKeywordDefinition,
  type KeywordCxt,
  Name,
  str,
  type ValidateFunction,
} from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { beginCheck, countReference } from './check-limit.ts'
import { isMultiple } from './decimal.ts'
import { areEqual, areUnique } from './equality.ts'
import { annotations, formats, numberFormats } from './formats.ts'
import type { JsonSchema } from './json-schema.ts'
import { compilePattern } from './linear-pattern.ts'
import { onceFor } from './once.ts'

/** Checks a value; `errors` are those of the last one. Throws `CheckLimitError`. */
export interface SchemaCheck extends Pick<ValidateFunction, 'schema'> {
  (value: unknown): boolean
  readonly errors?: readonly ErrorObject[] | null
}

/**
 * Gives the check of a schema, compiled when it is first asked for and kept by the schema itself. Undefined where the
 * schema cannot be compiled; then any value passes.
 */
export type SchemaCompiler = (schema: JsonSchema) => SchemaCheck | undefined

/** Prepares the compiling of schemas (JSON Schema 2020-12). Nothing is coerced, removed or filled in. */
export function createCompiler(onFailure: (reason: string) => void = () => {}): SchemaCompiler {
  let ajv: Ajv2020 | undefined
  let hasReferences = false
  return onceFor((schema: JsonSchema) => {
    try {
      ajv ??= createAjv(() => {
        hasReferences = true
      })
      hasReferences = false
      const validate = ajv.compile(schema)
      const check: SchemaCheck = hasReferences ? limitCheck(validate) : validate
      // V8 compiles what Ajv wrote when it is first called, which fails where it nests too deeply.
      check(undefined)
      return check
    } catch (error) {
      onFailure(error instanceof Error ? error.message : String(error))
      return undefined
    }
  })
}

/** Without a reference a check takes no more steps than its value has parts. */
function limitCheck(validate: ValidateFunction): SchemaCheck {
  const check = (value: unknown) => {
    beginCheck(value)
    return validate(value)
  }
  const errors = { get: () => validate.errors }
  return Object.defineProperty(Object.assign(check, { schema: validate.schema }), 'errors', errors)
}

/** Ajv wants a name of the engine for code that is written to files, as this is not. */
const code = { regExp: Object.assign(compilePattern, { code: 'compilePattern' }) }

/** Prepares Ajv; the callback is called for each reference that it compiles. */
function createAjv(onReference: () => void): Ajv2020 {
  // Schemas have been read keyword by keyword, and a check against the metaschema costs as much as compiling.
  const options = { strict: false, validateSchema: false, allErrors: true, verbose: true, code }
  // Otherwise a member called `constructor` is there in every object, inherited.
  const ownProperties = true
  // Ajv would print megabytes of code that does not compile.
  const ajv = new Ajv2020({ ...options, ownProperties, logger: false })
  ajv.removeKeyword('multipleOf').addKeyword(multipleOf)
  ajv.removeKeyword('uniqueItems').addKeyword(uniqueItems)
  extendKeyword(ajv, '$ref', ({ gen }, writeOwn) => {
    onReference()
    gen.code(_`${gen.scopeValue('func', { ref: countReference })}()`)
    writeOwn()
  })
  for (const name of ['const', 'enum']) extendKeyword(ajv, name, compareValues)
  extendKeyword(ajv, 'unevaluatedProperties', disinheritProperties)
  for (const [name, { check }] of Object.entries(formats)) ajv.addFormat(name, check)
  for (const [name, { check }] of Object.entries(numberFormats))
    ajv.addFormat(name, { type: 'number', validate: check })
  for (const name of annotations) ajv.addFormat(name, true)
  return ajv
}

/** Ajv's own divides as JavaScript does, and finds that 4.35 is no multiple of 0.01. */
const multipleOf: FuncKeywordDefinition = {
  keyword: 'multipleOf',
  type: 'number',
  schemaType: 'number',
  validate: (divisor: number, value: number) => isMultiple(value, divisor),
  error: {
    message: ({ schemaCode }) => str`must be multiple of ${schemaCode}`,
    params: ({ schemaCode }) => _`{multipleOf: ${schemaCode}}`,
  },
}

/** Ajv's own compares each object with each. */
const uniqueItems: FuncKeywordDefinition = {
  keyword: 'uniqueItems',
  type: 'array',
  schemaType: 'boolean',
  validate: (isAsked: boolean, value: readonly unknown[]) => !isAsked || areUnique(value),
  error: { message: 'must NOT have duplicate items' },
}

/** Writes the code of a keyword; the second argument writes what Ajv's own would be. */
type CodeWriter = (context: KeywordCxt, writeOwn: () => void) => void

/** Extends a keyword where it stands, since the order of keywords is that of errors. */
function extendKeyword(ajv: Ajv2020, name: string, write: CodeWriter): void {
  const keyword = ajv.getKeyword(name)
  if (typeof keyword !== 'object' || !('code' in keyword)) return
  const { code } = keyword
  keyword.code = (context, ...rest) => write(context, () => code(context, ...rest))
}

type ComparedValue = Omit<KeywordCxt, 'schema'> & { readonly schema: unknown }

/** Ajv's own calls `valueOf` and `toString` of objects, which may be members of any type. */
function compareValues(context: ComparedValue, writeOwn: () => void): void {
  const { gen, keyword, schema, data } = context
  const allowed = keyword === 'enum' && Array.isArray(schema) ? schema : [schema]
  const isAllowed = (value: unknown) => allowed.some((one) => areEqual(one, value))
  if (allowed.some((one) => typeof one === 'object' && one !== null))
    context.pass(_`${gen.scopeValue('func', { ref: isAllowed })}(${data})`)
  else writeOwn()
}

/** Ajv's own looks for a member among those evaluated in a plain object, which inherits `constructor`. */
function disinheritProperties({ gen, it: { props } }: KeywordCxt, writeOwn: () => void): void {
  if (props instanceof Name)
    gen.if(_`${props} && ${props} !== true`, () => gen.assign(props, _`{ __proto__: null, ...${props} }`))
  writeOwn()
}
