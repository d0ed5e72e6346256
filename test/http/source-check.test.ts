import { expect, test } from 'vitest'
import { createSourceCheck } from '../../src/http/request-check.ts'

const check = createSourceCheck({ allowedHosts: ['*.example.org', '*.example.net:8443'], allowedOrigins: [] })

/** The code of the refusal of a host; undefined where it is served. */
function refusalOf(host: string): unknown {
  try {
    // The check reads nothing of a request but this.
    check(Object({ headers: { host }, url: '/' }))
    return undefined
  } catch (error) {
    return Object(error).code
  }
}

test.each(['a.example.org', 'A.Example.org', 'a.b.example.org:8080', 'a.example.net:8443'])(
  'a name below a wildcard is served: %s',
  (host) => {
    expect(refusalOf(host)).toBe(undefined)
  },
)

test.each(['example.org', '.example.org', 'evilexample.org', 'a.example.org.evil.net', 'a.example.net'])(
  'a name beside a wildcard is refused: %s',
  (host) => {
    expect(refusalOf(host)).toBe('host_not_allowed')
  },
)

test.each([true, false])(
  'a link of another site to any path is followed where links are allowed: %s',
  (allowLinks) => {
    const checkLink = createSourceCheck({ allowedHosts: [], allowedOrigins: [], allowLinks })
    const link = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    }
    const follow = (url: string, more = {}) =>
      expect(() => checkLink(Object({ headers: { host: 'localhost', ...link, ...more }, url })))
    follow('/').not.toThrow()
    if (allowLinks) follow('/metrics').not.toThrow()
    else follow('/metrics').toThrow()
    follow('/', { 'sec-fetch-dest': 'iframe' }).toThrow()
    follow('/metrics', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }).toThrow()
  },
)
