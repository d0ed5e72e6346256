/**
 * Returns the address under which Cal.com stores one that it is sent: it names the client. What is expected here is not
 * taken from the mock, since the mock is checked by it, too.
 */
export function rewriteAddress(email: string, clientId: string): string {
  return email.includes(`+${clientId}@`) ? email : email.replace('@', `+${clientId}@`)
}

/**
 * Makes a username: local part and the first two labels of the domain, in lower case, with hyphens for what is no
 * letter or digit.
 */
export function toUsername(email: string): string {
  const [local = '', domain = ''] = email.split('@')
  const [first = '', second = ''] = domain.split('.')
  return [local, first, second]
    .join('-')
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}
