import { appendFileSync, readFileSync, truncateSync } from 'node:fs'
import { Argument, Command, Option } from 'commander'
import { readDocument } from '../document/document.ts'
import { readExtensions } from '../document/extensions.ts'
import { asRecord, isObject } from '../document/json.ts'
import { readOperations } from '../document/operations.ts'
import { type CommandContext, CommandError, formatExamples } from './command.ts'
import { writeTo } from './output-file.ts'
import type { ServeOptions } from './served.ts'
import { formatTable, formatValue } from './table.ts'
import { isTerminal } from './terminal.ts'
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
    .addArgument(new Argument('<list>', 'what to export').choices(lists.map(({ name }) => name)))
    .addOption(
      new Option('--format <csv|jsonl|table>', 'form of the output')
        .choices(['csv', 'jsonl', 'table'])
        .default('csv'),
    )
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
      if (!list) return
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
  const { records, isCut } =
    output === undefined ? { records: [], isCut: false } : readEarlier(output, format)
  const start = Math.max(records.length - (format === 'csv' ? 1 : 0), 0)
  let offset = start
  let columns = format === 'csv' ? records[0]?.trimEnd().split(',') : undefined
  let isWhole = !isCut
  const write = (text: string) => {
    if (output === undefined) return stdout.write(text)
    writeTo(output, () => {
      if (!isWhole) truncateSync(output, Buffer.byteLength(records.join('')))
      isWhole = true
      appendFileSync(output, text)
    })
  }
  const rows: object[] = []
  const { reach = Number.POSITIVE_INFINITY } = list
  for (;;) {
    const limit = Math.min(list.pageSize, reach - offset)
    if (limit <= 0) break
    const { isError, value, text } = await client.call(list.tool, {
      [list.limit]: limit,
      [list.offset]: offset,
    })
    if (isError) throw new CommandError(`${offset} read; ${text.replaceAll('\n', ' ')}`, 1)
    const items = [asRecord(value).data ?? []].flat().map(asRecord)
    if (format === 'table') rows.push(...items)
    if (format === 'jsonl') write(items.map((item) => `${JSON.stringify(item)}\n`).join(''))
    if (format === 'csv' && items.length > 0) {
      const names = new Set(items.flatMap(Object.keys))
      if (output !== undefined && columns && offset === start) checkColumns(output, columns, names)
      if (!columns) write(`${[...names].join(',')}\n`)
      columns ??= [...names]
      write(formatRecords(items, columns, offset))
    }
    offset += items.length
    stderr.write(`${offset} read\n`)
    if (items.length < limit) break
  }
  if (format === 'table') write(formatTable(rows, output === undefined && isTerminal(stdout)))
  if (offset < reach) return
  stderr.write(`incomplete: the API lets no more than ${reach} be read, and there may be more\n`)
  setExitCode(1)
}

/** Quotes a value of CSV where it needs quotes (RFC 4180). */
function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Writes items as records of CSV. Throws a `CommandError` on a member that no column is for, which would be lost. */
function formatRecords(
  items: readonly Readonly<Record<string, unknown>>[],
  columns: readonly string[],
  offset: number,
): string {
  const lost = items.flatMap(Object.keys).find((name) => !columns.includes(name))
  if (lost !== undefined) {
    const message = `${offset} read; an item has the member ${JSON.stringify(lost)}, which the first items do not have`
    throw new CommandError(`${message}; --format jsonl writes all members`, 1)
  }
  return items.map((item) => `${columns.map((name) => quote(formatValue(item[name]))).join(',')}\n`).join('')
}

/**
 * Reads the records that an earlier run has written whole, each with its line end: of CSV the names of the columns first,
 * and a quoted value can hold line ends. What an interruption has left of a last record is none.
 */
function readEarlier(file: string, format: string): { records: readonly string[]; isCut: boolean } {
  writeTo(file, () => appendFileSync(file, ''))
  const text = readFileSync(file, 'utf8')
  if (text !== '' && format === 'table') throw new CommandError(`${file} exists; a table cannot be continued`)
  const records = text.match(format === 'csv' ? /(?:"[^"]*"|[^"\n])*\n/gy : /[^\n]*\n/g) ?? []
  const isOutput = records.length > 0 && (format === 'csv' || records.every(isObjectText))
  if (text !== '' && !isOutput) refuseFile(file)
  return { records, isCut: records.join('') !== text }
}

function isObjectText(line: string): boolean {
  try {
    return isObject(JSON.parse(line))
  } catch {
    return false
  }
}

/** An item can lack members, so that a file of the same list has fewer or more columns, but no others. */
function checkColumns(file: string, columns: readonly string[], names: ReadonlySet<string>): void {
  const shared = columns.filter((one) => names.has(one)).length
  if (shared < columns.length && shared < names.size) refuseFile(file)
}

function refuseFile(file: string): never {
  throw new CommandError(`${file} is no earlier output of this command; name another file`)
}
