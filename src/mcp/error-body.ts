import { asRecord, isObject } from '../document/json.ts'
import { flattenText } from '../document/single-line.ts'
import { mostViolations } from '../document/violations.ts'

/** What an error response says about the error. */
export interface ErrorBody {
  readonly code?: string | undefined
  readonly message?: string | undefined
  /** What is wrong beside, one sentence each, with its place where the response names one. */
  readonly reasons: readonly string[]
}

/** Characters that are told of a message, of a reason and of a code. */
const longestMessage = 1_000
const longestReason = 300
const longestCode = 100

const messages = ['message', 'detail', 'error_description', 'errorMessage', 'Message', 'error', 'title']
/** Members that say what is wrong with one value; what the value was is in others, which are not told. */
const itemMessages = ['message', 'msg', 'detail', 'description', 'defaultMessage', 'error', 'title', 'code']
const places = ['field', 'loc', 'pointer', 'path', 'property', 'propertyPath', 'param', 'parameter']

/**
 * Reads what an error response says: a text, or JSON in the shapes of NestJS and class-validator, of FastAPI, of OAuth
 * (RFC 6749 §5.2), of RFC 9457, of JSON:API and of most others. Nothing but messages, codes and places is read, since
 * any other member may repeat the request.
 */
export function readErrorBody(body: unknown): ErrorBody {
  if (typeof body === 'string') return { message: tell(body, longestMessage), reasons: [] }
  const outer = Array.isArray(body) ? { errors: body } : asRecord(body)
  const { code, details, ...told } = isObject(outer.error) ? asRecord(outer.error) : outer
  const text = findText(told, messages)
  const lists = [told.message, told.detail, told.error].filter((one) => typeof one !== 'string')
  const reasons = new Set(
    [
      ...takeReasons(listReasons(lists)),
      ...takeReasons(listErrors(told.errors ?? told.violations)),
      ...takeReasons(Array.isArray(details) ? listReasons(details) : listErrors(asRecord(details).errors)),
    ].slice(0, mostViolations),
  )
  const [first] = reasons
  const message = tell(text ?? first, longestMessage)
  if (message !== undefined) reasons.delete(message)
  return { code: tell(code, longestCode), message, reasons: [...reasons] }
}

/** A line of its own is what the gateway says. */
function tell(part: unknown, longest: number): string | undefined {
  const line = typeof part === 'string' ? flattenText(part, longest) : ''
  return line === '' ? undefined : line
}

function takeReasons(reasons: Iterable<string>): string[] {
  const taken: string[] = []
  for (const one of reasons) {
    taken.push(flattenText(one, longestReason))
    if (taken.length === mostViolations) break
  }
  return taken
}

/** Lists what is wrong from a list, or from an object by the names of what is wrong. */
function* listErrors(errors: unknown): Generator<string> {
  if (!isObject(errors)) yield* listReasons(errors)
  else for (const name in errors) yield* listReasons(errors[name], name)
}

function* listReasons(part: unknown, place = ''): Generator<string> {
  if (Array.isArray(part)) for (const one of part) yield* listReasons(one, place)
  else if (isObject(part)) yield* listItem(part, place)
  else if (typeof part === 'string' && part.trim() !== '') yield place === '' ? part : `${place}: ${part}`
}

function* listItem(item: Readonly<Record<string, unknown>>, outer: string): Generator<string> {
  const { constraints, children, errors, fieldViolations } = item
  const sentences = Object.values(asRecord(constraints))
  // They name their property themselves.
  if (sentences.length > 0) yield* listReasons(sentences)
  else yield* listReasons(findText(item, itemMessages), readPlace(item) || outer)
  yield* listErrors(children)
  yield* listErrors(errors ?? fieldViolations)
}

function readPlace(item: Readonly<Record<string, unknown>>): string {
  const all = { ...asRecord(item.source), ...item }
  const found = places.map((name) => all[name]).find((one) => typeof one === 'string' || Array.isArray(one))
  return [found ?? []]
    .flat()
    .filter((one) => typeof one === 'string' || typeof one === 'number')
    .join('.')
}

function findText(part: Readonly<Record<string, unknown>>, names: readonly string[]): string | undefined {
  const texts = names.map((name) => part[name]).filter((one) => typeof one === 'string')
  return texts.find((one) => one.trim() !== '')
}
