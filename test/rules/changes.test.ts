import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { readRequirements } from '../../contracts/requirements.ts'
import { readDocument } from '../../src/document/document.ts'
import { extensions } from '../../src/document/extensions.ts'
import { asRecord } from '../../src/document/json.ts'
import { readOperations } from '../../src/document/operations.ts'
import { errorCatalogue } from '../../src/errors/catalogue.ts'
import { logFields } from '../../src/observability/logger.ts'
import { readSources, readText, walk } from './tree.ts'

const page = readText('docs/changes.md')
const document = readDocument()
const sources = readSources()
const texts = sources.flatMap(({ tree }) => listTexts(tree))
/** What is logged: the texts in the arguments of `logger.info(…)` and of its like. */
const messages = sources.flatMap(({ tree }) =>
  walk(tree).flatMap((node) =>
    ts.isCallExpression(node) && /\b(info|warn|error)$/.test(node.expression.getText())
      ? node.arguments.flatMap(listTexts)
      : [],
  ),
)
const variables = readOperations(document).flatMap(({ restPath }) =>
  [...restPath.matchAll(/\{(\w+)\}/g)].map(([, name]) => `:${name}`),
)

/** The names that exist, by the heading under which renamed ones stand. */
const names: Readonly<Record<string, readonly string[]>> = {
  'Error codes': Object.keys(errorCatalogue),
  Metrics: texts.map((text) => `calgate_${text}`),
  'Log fields': [...Object.keys(logFields), ...messages, ...variables],
  'Extensions of the document': [
    ...Object.values(extensions).flatMap((members) => Object.keys(members)),
    ...Object.keys(asRecord(asRecord(document.components).securitySchemes)),
  ],
  'Members and texts of errors of tools': readErrorNames('src/mcp/failures.ts'),
  'Schemas of the document': Object.keys(asRecord(asRecord(document.components).schemas)),
  'Requirement ids': readRequirements().requirements.map(({ id }) => id),
}

/** Lists the members of the objects that a file makes, and how it tells of a status. */
function readErrorNames(path: string): string[] {
  const file = sources.find((one) => one.path === path)
  if (!file) throw new Error(`no file ${path}`)
  const members = walk(file.tree).flatMap((node) =>
    ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node) ? [node.name.getText()] : [],
  )
  const verbs = [...file.text.matchAll(/(\w+)(?:', | \$\{)status/g)].map(([, verb]) => `${verb} 404`)
  return [...members, ...verbs]
}

function listTexts(part: ts.Node): string[] {
  return walk(part).flatMap((node) => (ts.isStringLiteralLike(node) ? [node.text] : []))
}

/** A name in a row of a table: `msg` and `route` tell what the others in the cell are, and are no renamed names. */
function readNames(cell: string): string[] {
  const found = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
  return found.filter((name) => name !== 'msg' && name !== 'route')
}

const sections = page
  .split(/^## /m)
  .slice(1)
  .map((section) => {
    const [heading = ''] = section.split('\n')
    const rows = [...section.matchAll(/^\| (.*`.*) \| (.*) \|$/gm)]
    return {
      heading,
      old: rows.flatMap(([, cell = '']) => readNames(cell)),
      next: rows.flatMap(([, , cell = '']) => readNames(cell)),
    }
  })
  .filter(({ old }) => old.length > 0)

describe('docs/changes.md', () => {
  it('has the names of each kind under its heading', () => {
    expect(sections.map(({ heading }) => heading).sort()).toEqual(Object.keys(names).sort())
  })

  it.each(sections)('names under "$heading" what exists as new', ({ heading, next }) => {
    expect(next.filter((name) => !names[heading]?.includes(name))).toEqual([])
  })

  it.each(sections)('names under "$heading" nothing as old that exists', ({ heading, old }) => {
    expect(old.filter((name) => names[heading]?.includes(name))).toEqual([])
  })
})
