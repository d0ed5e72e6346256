import { appendFileSync, readFileSync } from 'node:fs'
import { Argument, Command, Option } from 'commander'
import { readDocument } from '../document/document.ts'
import { readExtensions } from '../document/extensions.ts'
import { asRecord, isObject } from '../document/json.ts'
import { readOperations } from '../document/operations.ts'
import { type CommandContext, CommandError, formatExamples } from './command.ts'
import { writeTo } from './output-file.ts'
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
  const write = (text: string) =>
    output === undefined ? stdout.write(text) : writeTo(output, () => appendFileSync(output, text))
  if (output !== undefined) write('')
  const earlier = output === undefined ? '' : readFileSync(output, 'utf8')
  let offset = output === undefined ? 0 : countItems(output, earlier, format)
  const rows: object[] = []
  let columns = format === 'csv' && earlier !== '' ? readColumns(earlier) : undefined
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
      if (output !== undefined && columns) checkColumns(output, columns, Object.keys(items[0] ?? {}))
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
function countItems(file: string, text: string, format: string): number {
  if (text === '') return 0
  if (format === 'table') throw new CommandError(`${file} exists; a table cannot be continued`)
  const lines = text.split('\n').filter(Boolean)
  if (format === 'jsonl') return lines.every(isObjectText) ? lines.length : refuseFile(file)
  const records = text.replaceAll(/"(?:[^"]|"")*"/g, '').split('\n')
  return records.filter(Boolean).length - 1
}

function isObjectText(line: string): boolean {
  try {
    return isObject(JSON.parse(line))
  } catch {
    return false
  }
}

function readColumns(text: string): string[] {
  return (text.split('\n')[0] ?? '').split(',')
}

/** An item can lack members, so that a file of the same list has fewer or more columns, but no others. */
function checkColumns(file: string, columns: readonly string[], names: readonly string[]): void {
  const isSame = columns.every((one) => names.includes(one)) || names.every((one) => columns.includes(one))
  if (!isSame) refuseFile(file)
}

function refuseFile(file: string): never {
  throw new CommandError(`${file} is no earlier output of this command; name another file`)
}
