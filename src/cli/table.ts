import { isObject, readOwn } from '../document/json.ts'
import { escapeControls } from './terminal.ts'

/** Columns beyond which a cell is cut for a terminal, and elsewhere makes its column no wider. */
const widest = 48

/**
 * Writes a value for people: a list of objects as a table, an object as its members, anything else as it is. Cells are cut
 * for a terminal.
 */
export function formatTable(value: unknown, isTerminal: boolean): string {
  if (Array.isArray(value) && value.length > 0 && value.every(isObject)) return formatRows(value, isTerminal)
  if (!isObject(value) || Object.keys(value).length === 0)
    return `${typeof value === 'string' ? value : JSON.stringify(value)}\n`
  return formatCells(Object.entries(value), isTerminal)
}

function formatRows(rows: readonly object[], isTerminal: boolean): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const values = rows.map((row) => names.map((name) => readOwn(row, name)))
  return formatCells([names, ...values], isTerminal)
}

function formatCells(rows: readonly (readonly unknown[])[], isTerminal: boolean): string {
  const cells = rows.map((row) => row.map((value) => formatCell(value, isTerminal)))
  const widths = (cells[0] ?? []).map((_, column) =>
    cells.reduce((most, row) => Math.max(most, Math.min(measure(row[column]), widest)), 0),
  )
  return cells
    .map((row) => {
      const padded = row.map(
        (cell, column) => cell + ' '.repeat(Math.max((widths[column] ?? 0) - measure(cell), 0)),
      )
      return `${padded.join('  ').trimEnd()}\n`
    })
    .join('')
}

function formatCell(value: unknown, isTerminal: boolean): string {
  const text = formatValue(value).replaceAll(/\s+/g, ' ')
  if (!isTerminal) return text
  const shown = escapeControls(text)
  const cut = cutText(shown, widest)
  // The mark takes a column of its own.
  return cut === shown ? shown : `${cutText(shown, widest - 1)}…`
}

const characters = new Intl.Segmenter()

/** Characters that take two columns, as far as the properties of Unicode say so. */
const wide = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u

const narrow = /^[ -~]*$/

/** Cuts a text to columns of a terminal, between whole characters. */
function cutText(text: string, most: number): string {
  let columns = 0
  for (const { segment, index } of characters.segment(text)) {
    columns += wide.test(segment) ? 2 : 1
    if (columns > most) return text.slice(0, index)
  }
  return text
}

/** Returns how many columns of a terminal a text takes. */
function measure(text = ''): number {
  if (narrow.test(text)) return text.length
  return Array.from(characters.segment(text)).reduce(
    (sum, { segment }) => sum + (wide.test(segment) ? 2 : 1),
    0,
  )
}

/** Writes a member of an object as one text: empty for none, JSON for what has members of its own. */
export function formatValue(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
