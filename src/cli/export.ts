import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { readDocument } from '../document/document.ts'
import { readExtensions } from '../document/extensions.ts'
import { asRecord } from '../document/json.ts'
import { readOperations } from '../document/operations.ts'
import { type CommandContext, CommandError, formatExamples } from './command.ts'
import type { ServeOptions } from './served.ts'
import { formatTable, formatValue } from './table.ts'
import { openTools, type ToolClient } from './tool-client.ts'

interface ExportOptions extends ServeOptions {
  readonly format: string
  readonly output?: string
}

/** A list that can be exported: the tool that reads it, and how it is paged (`x-export`). */
interface ExportedList {
  readonly tool: string
  readonly name: string
  readonly limit: string
  readonly offset: string
  readonly pageSize: number
  /** Items that the API lets be read at most; undefined for all. */
  readonly reach?: number
}

/** Creates the command that reads a whole list, page by page. */
export function createExport(context: CommandContext): Command {
  const lists = findLists()
  return new Command('export')
    .description(
      'Reads a whole list of the API that calgate ships with, page by page. Exits with 1 when a page fails or the API lets not all be read. The command goes on where it stopped when the file of --output exists.',
    )
    .argument('<list>', `what to export: ${lists.map(({ name }) => name).join(', ')}`)
    .option('--format <csv|jsonl|table>', 'form of the output', 'csv')
    .option('--output <file>', 'write to a file, and go on with it')
    .option('--config <file>', 'settings of the gateway; calgate.yaml where it exists')
    .option('--mock', 'read from a mock in place of the API')
    .addHelpText(
      'after',
      formatExamples({
        'calgate users export --output users.csv': 'all users; `calgate export users` is the same',
        'calgate export users --format jsonl | head -1': 'JSON Lines',
      }),
    )
    .action(async (name: string, options: ExportOptions) => {
      const list = lists.find((one) => one.name === name)
      if (!list) throw new CommandError(`there is no list ${name}; there are ${lists.map((one) => one.name)}`)
      if (!['csv', 'jsonl', 'table'].includes(options.format))
        throw new CommandError('--format is one of csv, jsonl, table')
      await using client = await openTools([], options, context)
      await exportList(client, list, options, context)
    })
}

function findLists(): ExportedList[] {
  const document = readDocument()
  return readOperations(document).flatMap(({ path, method, tool }) => {
    const part = asRecord(document.paths[path])[method.toLowerCase()]
    const list = readExtensions('operation', part, `${method} ${path}`)['x-export']
    return list && tool ? [{ ...list, tool: tool.name }] : []
  })
}

async function exportList(
  client: ToolClient,
  list: ExportedList,
  { format, output }: ExportOptions,
  { stdout, stderr, setExitCode }: CommandContext,
): Promise<void> {
  const write = (text: string) => (output === undefined ? stdout.write(text) : appendFileSync(output, text))
  let offset = output === undefined ? 0 : countItems(output, format)
  const rows: object[] = []
  let columns = format === 'csv' && offset > 0 ? readColumns(output) : undefined
  if (output !== undefined && !existsSync(output)) writeFileSync(output, '')
  const { reach = Number.POSITIVE_INFINITY } = list
  for (;;) {
    const limit = Math.min(list.pageSize, reach - offset)
    if (limit <= 0) break
    const { isError, value } = await client.call(list.tool, { [list.limit]: limit, [list.offset]: offset })
    if (isError) throw new CommandError(`${offset} read; ${formatValue(asRecord(value).detail ?? value)}`, 1)
    const items = [asRecord(value).data ?? []].flat().map(asRecord)
    if (format === 'table') rows.push(...items)
    if (format === 'jsonl') write(items.map((item) => `${JSON.stringify(item)}\n`).join(''))
    if (format === 'csv' && items.length > 0) {
      if (!columns) write(`${Object.keys(items[0] ?? {}).join(',')}\n`)
      columns ??= Object.keys(items[0] ?? {})
      const names = columns
      write(
        items.map((item) => `${names.map((name) => quote(formatValue(item[name]))).join(',')}\n`).join(''),
      )
    }
    offset += items.length
    stderr.write(`${offset} read\n`)
    if (items.length < limit) break
  }
  if (format === 'table') write(formatTable(rows))
  if (offset < reach) return
  stderr.write(`incomplete: the API lets no more than ${reach} be read, and there may be more\n`)
  setExitCode(1)
}

/** RFC 4180. */
function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Counts what an earlier run has written: records, since a quoted value of CSV can hold line ends. */
function countItems(file: string, format: string): number {
  if (!existsSync(file)) return 0
  const text = readFileSync(file, 'utf8')
  if (format === 'table') throw new CommandError(`${file} exists; a table cannot be continued`)
  const records = text
    .replaceAll(/"(?:[^"]|"")*"/g, '')
    .split('\n')
    .filter(Boolean).length
  return Math.max(0, format === 'csv' ? records - 1 : text.split('\n').filter(Boolean).length)
}

function readColumns(file: string | undefined): string[] {
  const [first = ''] = file === undefined ? [] : readFileSync(file, 'utf8').split('\n')
  return first.split(',')
}
