const code = /^[A-Z][A-Z0-9_]{2,63}$/
const word = /^[a-z_]{1,32}$/

/**
 * Finds the code of what caused an error, the deepest there is: `ECONNREFUSED`, `CERT_HAS_EXPIRED`. Of an access token
 * the claim and what is wrong with it follow (`ERR_JWT_CLAIM_VALIDATION_FAILED aud check_failed`). Undefined where no
 * cause has a code; messages are left out, since they may repeat what a client or the upstream sent.
 */
export function findCauseCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !(error.cause instanceof Error)) return undefined
  const { cause } = error
  const deeper = findCauseCode(cause)
  if (deeper !== undefined || !('code' in cause)) return deeper
  const details = ['claim' in cause && cause.claim, 'reason' in cause && cause.reason]
  const parts = [
    code.test(String(cause.code)) && cause.code,
    ...details.filter((one) => typeof one === 'string' && word.test(one)),
  ]
  return parts[0] ? parts.join(' ') : undefined
}
