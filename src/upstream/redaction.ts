import type { ResponseRules } from '../document/api.ts'

const mark = '[redacted]'
/** Shorter texts are no secrets, and taking them out would garble the words they are a part of. */
const shortest = 6
const word = /[^\s"'<>()[\]{},;:=]+/g
/** `{"` in Base64, a header's worth of text, and two more parts: names of hosts and people are none. */
const jsonWebToken = /eyJ[\w-]{7,}\.[\w-]+\.[\w-]*/g

/** The members of error responses that repeat the request. */
type Echoes = Pick<ResponseRules, 'echoMembers' | 'echoUrls'>

/**
 * Takes out of an upstream's error body what it echoes of the request: members that repeat it, tokens, e-mail
 * addresses and the given secrets. A body that echoes nothing comes back as the very same bytes.
 */
export function redactError(body: Buffer, secrets: readonly string[], echoes: Echoes): Buffer {
  const text = body.toString('utf8')
  const clean = redactDocument(text, secrets, echoes)
  return clean === text ? body : Buffer.from(clean)
}

function redactDocument(text: string, secrets: readonly string[], echoes: Echoes): string {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return redactText(text, secrets)
  }
  let changed = false
  const clean = JSON.stringify(document, (name, value: unknown) => {
    const safe = redactMember(name, value, secrets, echoes)
    changed ||= safe !== value
    return safe
  })
  return changed ? clean : text
}

function redactMember(name: string, value: unknown, secrets: readonly string[], echoes: Echoes): unknown {
  if (echoes.echoMembers.has(name)) return mark
  if (typeof value !== 'string') return value
  return redactText(echoes.echoUrls.has(name) ? value.replace(/\?.*$/s, '') : value, secrets)
}

/** A text without the tokens (JWT) in it. */
export function redactTokens(text: string): string {
  return text.replaceAll(jsonWebToken, mark)
}

function redactText(text: string, secrets: readonly string[]): string {
  const bare = secrets
    .filter((secret) => secret.length >= shortest)
    .reduce((rest, secret) => rest.replaceAll(secret, mark), text)
  return redactTokens(bare).replaceAll(word, (found) => (/@|%40/.test(found) ? mark : found))
}
