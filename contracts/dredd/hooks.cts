/** One response of the document that Dredd is about to request: as much of it as leaves Dredd's process. */
export interface Transaction {
  /** Dredd's own name for it, unique in a document. */
  readonly name: string
  readonly method: string
  /** Path template of the document. */
  readonly path: string
  readonly status: number
  readonly mediaType: string
  /** Path and query as Dredd makes them from the document's examples. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** What to send in the transaction's stead so that its response is the one to expect, and what that must satisfy. */
export interface Preparation {
  /** `http://127.0.0.1:PORT` of the server to ask. */
  readonly origin: string
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** An empty text takes a header away: JSON, as processes exchange it, has no `undefined`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | undefined
  /** Headers that are documented for the status and that this one response need not have, in lower case. */
  readonly spared: readonly string[]
  /** JSON Schema draft-07 without references. */
  readonly bodySchema: unknown
}

/** What Dredd made of a transaction. */
export interface TransactionResult extends Transaction {
  readonly passed: boolean
  /** Dredd's reasons, one a line. */
  readonly message: string
}

/** Sent to the parent process: a question before each transaction, and all results at the end. */
export type Message = { readonly prepare: Transaction } | { readonly results: readonly TransactionResult[] }

interface DreddTransaction {
  readonly name: string
  readonly request: { method: string; headers: Record<string, string>; body: string }
  readonly expected: { readonly statusCode: string; bodySchema?: string; headers: Record<string, string> }
  readonly origin: { readonly resourceName: string; readonly exampleName: string }
  readonly real?: { readonly headers: Record<string, string> }
  readonly test?: { readonly status: string; readonly message: string }
  host: string
  port: string
  fullPath: string
  skip: boolean
}

type Hook<Facts> = (register: (facts: Facts, done: () => void) => void) => void

interface Hooks {
  readonly beforeEach: Hook<DreddTransaction>
  readonly beforeEachValidation: Hook<DreddTransaction>
  readonly afterAll: Hook<readonly DreddTransaction[]>
}

// Dredd hands this module to hook files through `require` alone, which is why this one is CommonJS.
const hooks: Hooks = require('hooks')

// Exits with the parent process.
process.once('disconnect', () => process.exit(1))

const promises = new Map<string, Transaction>()

hooks.beforeEach((transaction, done) => {
  const promise = describe(transaction)
  promises.set(promise.name, promise)
  process.once('message', (preparation: Preparation) => {
    apply(transaction, preparation)
    done()
  })
  send({ prepare: promise })
})

// JSON knows no charset parameter (RFC 8259, section 11), but Dredd compares content types by letter.
hooks.beforeEachValidation(({ real }, done) => {
  const type = real?.headers['content-type']
  if (real && type) real.headers['content-type'] = type.replace(/; *charset=utf-8$/i, '')
  done()
})

hooks.afterAll((transactions, done) => {
  const results = transactions.map((transaction) => ({
    ...(promises.get(transaction.name) ?? describe(transaction)),
    passed: transaction.test?.status === 'pass',
    message: transaction.test?.message.trim() ?? 'there was no response',
  }))
  send({ results }, done)
})

function apply(transaction: DreddTransaction, preparation: Preparation): void {
  const { origin, method, url, headers = {}, body, spared, bodySchema } = preparation
  const { hostname, port } = new URL(origin)
  transaction.host = hostname
  transaction.port = port
  transaction.skip = false
  transaction.fullPath = url ?? transaction.fullPath
  transaction.request.method = method ?? transaction.request.method
  transaction.request.body = body ?? transaction.request.body
  for (const [name, value] of Object.entries(headers)) {
    for (const known of Object.keys(transaction.request.headers))
      if (known.toLowerCase() === name) delete transaction.request.headers[known]
    if (value !== '') transaction.request.headers[name] = value
  }
  // Dredd sends a header that has no example with no text, which the gateway takes for a value.
  for (const [name, value] of Object.entries(transaction.request.headers))
    if (value === '') delete transaction.request.headers[name]
  for (const name of Object.keys(transaction.expected.headers))
    if (spared.includes(name.toLowerCase())) delete transaction.expected.headers[name]
  transaction.expected.bodySchema = JSON.stringify(bodySchema)
}

function describe({ name, request, expected, origin, fullPath: url }: DreddTransaction): Transaction {
  const mediaType = origin.exampleName.split(' > ')[1] ?? ''
  const { method, headers } = request
  return {
    name,
    method,
    path: origin.resourceName,
    status: Number(expected.statusCode),
    mediaType,
    url,
    headers,
  }
}

function send(message: Message, done: () => void = () => {}): void {
  process.send?.(message, done)
}
