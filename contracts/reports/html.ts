import type { Requirements } from '../requirements.ts'
import type { Result } from '../runner.ts'
import { listCells } from './matrix.ts'

const style =
  'body{font:14px/1.5 system-ui;margin:2rem;max-width:90rem}table{border-collapse:collapse}' +
  'td,th{border:1px solid #ccc;padding:.2rem .5rem;text-align:left}.fail{background:#fdd}.skip{color:#666}' +
  'div{overflow-x:auto}'

/** Writes results as one HTML page without a script: the matrix, the failures, and what was not tested. */
export function renderHtml(requirements: Requirements, results: readonly Result[]): string {
  const count = (outcome: Result['outcome']) => results.filter((one) => one.outcome === outcome).length
  const [head = [], ...rows] = listCells(requirements, results)
  const matrix = [toRow('th', head), ...rows.map((row) => toRow('td', row))].join('\n')
  const failed = results.filter(({ outcome }) => outcome === 'fail')
  const failures = failed.flatMap(({ findings }) =>
    findings.map(({ target, operation, server, requirement, field, message, rule }) =>
      toRow('td', [target, operation, server, requirement, field || 'call', message, rule], 'fail'),
    ),
  )
  const untested = groupReasons(results).map(([reason, times]) =>
    toRow('td', [String(times), reason], 'skip'),
  )
  const names = ['target', 'operation', 'server', 'requirement', 'member', 'difference', 'rule']
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width"><title>Contract</title>',
    `<style>${style}</style><h1>Contract</h1>`,
    `<p>Of ${results.length} test cases ${count('pass')} passed, ${count('fail')} failed, ${count('not tested')} were not`,
    `tested and ${count('follows')} follow from other failures. A test case is one requirement on one operation and one`,
    'server; Cal.com as the server is the API itself.</p>',
    ...section('Failures', 'A row is a member that differs.', toRow('th', names), failures),
    '<h2>Matrix</h2><p>A cell counts the requirements of a group that are met on a server.</p>',
    `<div><table>${matrix}</table></div>`,
    ...section('Not tested', '', toRow('th', ['test cases', 'reason']), untested),
    '</html>\n',
  ].join('\n')
}

function section(title: string, words: string, head: string, rows: readonly string[]): string[] {
  if (rows.length === 0) return [`<h2>${title}</h2><p>None.</p>`]
  return [`<h2>${title}</h2><p>${words}</p><div><table>${head}${rows.join('\n')}</table></div>`]
}

/** Counts what was not tested, by reason, the most frequent first. */
export function groupReasons(results: readonly Result[]): [string, number][] {
  const reasons = new Map<string, number>()
  for (const { outcome, reason = '' } of results)
    if (outcome === 'not tested') reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  return [...reasons].sort(([, a], [, b]) => b - a)
}

function toRow(cell: 'td' | 'th', texts: readonly string[], name = ''): string {
  const cells = texts.map((text) => `<${cell}>${escapeHtml(text)}</${cell}>`).join('')
  return name === '' ? `<tr>${cells}</tr>` : `<tr class="${name}">${cells}</tr>`
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
