import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { asRecord } from '../../src/document/json.ts'
import { listGatewayChanges } from '../mutants/gateway-changes.ts'
import { listMeaningChanges } from '../mutants/meaning-changes.ts'
import { formChanges } from '../mutants/mutant.ts'
import type { Requirement, Requirements, Surface } from '../requirements.ts'
import type { Result } from '../runner.ts'

const scoreFile = new URL('../mutants/scores.yaml', import.meta.url)

const headings: Readonly<Record<Surface, string>> = { rest: 'REST', mcp: 'MCP', upstream: 'Cal.com' }

/** Lists the cells of the matrix, its head first: operations down, groups of requirements across. */
export function listCells(
  { operations, requirements }: Requirements,
  results?: readonly Result[],
): readonly (readonly string[])[] {
  const groups = [...new Set(requirements.map(({ group }) => group))]
  const columns = groups.flatMap((group) =>
    (['rest', 'mcp', 'upstream'] as const)
      .filter((surface) => requirements.some((one) => one.group === group && one.surfaces.includes(surface)))
      .map((surface) => ({ group, surface })),
  )
  const rows = [...operations.map(({ name }) => name), 'gateway'].map((name) => [
    name,
    ...columns.map(({ group, surface }) => {
      const wanted = requirements.filter(
        (one) => one.group === group && one.surfaces.includes(surface) && concerns(one, name),
      )
      return describeCell(wanted, surface, name, results)
    }),
  ])
  return [['operation', ...columns.map(({ group, surface }) => `${group} ${headings[surface]}`)], ...rows]
}

/**
 * Writes the page that says what is tested: operations down, groups across, how many requirements are met in each
 * cell. Without results it says what must come out, since nothing may fail.
 */
export function renderMatrix(requirements: Requirements, results?: readonly Result[]): string {
  const groups = [...new Set(requirements.requirements.map(({ group }) => group))]
  const [head = [], ...rows] = listCells(requirements, results)
  return [
    '# Contract coverage',
    '',
    'Written by `make contract` from `contracts/requirements.yaml`; a test compares it with that file. Each cell counts',
    'the requirements that are met: on both mocks, unless they need memory, and on MCP in both protocol eras. A ✗ is not met.',
    '',
    ...toTable(head, rows),
    '',
    '## Planted defects',
    '',
    'Written by `make contract-mutants`, which plants one defect at a time and runs the contract. The first three classes',
    'change schemas, members and messages. The next change what an API means though every member has its type, and the',
    'last what a running gateway does, with nothing seen behind it. Allowed changes must pass, and do.',
    '',
    ...listDefects(),
    '',
    '## Requirements',
    ...groups.flatMap((group) => [
      '',
      `### ${group}`,
      '',
      ...listRequirements(requirements.requirements, group),
    ]),
    '',
  ].join('\n')
}

function concerns({ operations }: Requirement, name: string): boolean {
  return operations.length === 0 ? name === 'gateway' : operations.some((one) => one.name === name)
}

function describeCell(
  wanted: readonly Requirement[],
  surface: Surface,
  operation: string,
  results: readonly Result[] | undefined,
): string {
  if (wanted.length === 0) return ''
  const failed = wanted.filter(({ id }) => fails(id, operation, surface, results)).map(({ id }) => `✗ ${id}`)
  const untested = wanted.filter(({ id }) => !isTested(id, operation, surface, results))
  const holding = wanted.length - failed.length - untested.length
  const silent = untested.length > 0 ? [`${untested.length} not tested`] : []
  return [`${holding} ✓`, ...failed, ...silent].join(', ')
}

function fails(id: string, operation: string, surface: Surface, results: readonly Result[] = []): boolean {
  return results.some((one) => isAbout(one, id, operation, surface) && one.outcome === 'fail')
}

function isTested(id: string, operation: string, surface: Surface, results?: readonly Result[]): boolean {
  if (!results) return true
  const isOpen = ({ outcome }: Result) => outcome === 'not tested' || outcome === 'follows'
  return results.some((one) => isAbout(one, id, operation, surface) && !isOpen(one))
}

function isAbout(one: Result, id: string, operation: string, surface: Surface): boolean {
  return one.requirement === id && one.operation === operation && one.surface === surface
}

function listDefects(): string[] {
  const changes = [...listMeaningChanges(), ...listGatewayChanges()]
  const scores = Object.entries(asRecord(parse(readFileSync(scoreFile, 'utf8'))))
  const rows = scores.map(([name, score]) => {
    const { mutants, caught, allowed } = asRecord(score)
    const own = changes.filter(([group]) => group === name).map(([, what]) => what)
    const words = new Map<string, string>(Object.entries(formChanges)).get(name) ?? own.join('; ')
    return [name, String(mutants), String(caught), String(allowed), words]
  })
  return toTable(['class', 'defects', 'reported', 'allowed changes that pass', 'which'], rows)
}

function listRequirements(requirements: readonly Requirement[], group: string): string[] {
  const rows = requirements
    .filter((one) => one.group === group)
    .map(({ id, level, rule, operations, surfaces, needs, source }) => [
      `\`${id}\``,
      level,
      rule,
      operations.length === 7 ? 'all' : operations.map(({ name }) => name).join(', ') || 'gateway',
      surfaces.map((surface) => headings[surface]).join(', '),
      needs.join(', '),
      source,
    ])
  return toTable(['id', 'level', 'rule', 'operations', 'surfaces', 'needs', 'source'], rows)
}

function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const toRow = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [toRow(head), `|${'---|'.repeat(head.length)}`, ...rows.map(toRow)]
}
