import type { Result } from '../runner.ts'

/** Writes results as JUnit XML, one test suite a target. */
export function renderJunit(results: readonly Result[]): string {
  const targets = [...new Set(results.map(({ target }) => target))]
  const suites = targets.map((target) =>
    renderSuite(
      target,
      results.filter((one) => one.target === target),
    ),
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="contract">\n${suites.join('\n')}\n</testsuites>\n`
}

function renderSuite(target: string, results: readonly Result[]): string {
  const count = (outcome: Result['outcome']) => results.filter((one) => one.outcome === outcome).length
  const seconds = results.reduce((sum, { duration }) => sum + duration, 0) / 1000
  const skipped = results.length - count('pass') - count('fail')
  const numbers = `tests="${results.length}" failures="${count('fail')}" skipped="${skipped}" time="${seconds.toFixed(3)}"`
  return `<testsuite name="${escapeXml(target)}" ${numbers}>\n${results.map(renderCase).join('\n')}\n</testsuite>`
}

function renderCase({
  requirement,
  operation,
  server,
  outcome,
  findings,
  reason = '',
  duration,
}: Result): string {
  const name = escapeXml(`${requirement} · ${operation} · ${server}`)
  const open = `<testcase classname="${escapeXml(requirement)}" name="${name}" time="${(duration / 1000).toFixed(3)}"`
  if (outcome === 'pass') return `${open}/>`
  if (outcome !== 'fail') return `${open}><skipped message="${escapeXml(reason)}"/></testcase>`
  const [first] = findings
  const lines = findings.map(({ field, message }) => `${field || 'call'}: ${message}`)
  const rule = escapeXml(first?.rule ?? '')
  return `${open}><failure message="${rule}">${escapeXml(lines.join('\n'))}</failure></testcase>`
}

/** Characters that XML has no place for are left out (XML 1.0, section 2.2). */
function escapeXml(text: string): string {
  return [...text]
    .filter((character) => !/[\p{Cc}\p{Cs}]/u.test(character) || /[\t\n]/.test(character))
    .join('')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
