import { isObject } from '../document/json.ts'

/** Columns wider than this are cut on a terminal. */
const widest = 48

/** Writes a value for people: a list of objects as a table, an object as its members, anything else as it is. */
export function formatTable(value: unknown): string {
  const rows = Array.isArray(value) ? value.filter(isObject) : []
  if (rows.length > 0) return formatRows(rows)
  if (!isObject(value)) return `${typeof value === 'string' ? value : JSON.stringify(value)}\n`
  const names = Object.keys(value)
  const width = Math.max(...names.map(({ length }) => length), 0)
  return names.map((name) => `${name.padEnd(width)}  ${formatCell(Reflect.get(value, name))}\n`).join('')
}

function formatRows(rows: readonly object[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const cells = [names, ...rows.map((row) => names.map((name) => formatCell(Reflect.get(row, name))))]
  const widths = names.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)))
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

function formatCell(value: unknown): string {
  const text = formatValue(value).replaceAll(/\s+/g, ' ')
  return text.length > widest ? `${text.slice(0, widest - 1)}…` : text
}

/** Writes a member of an object as one text: empty for none, JSON for what has members of its own. */
export function formatValue(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
