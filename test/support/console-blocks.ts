/** A command of a page, and the lines that the page shows below it. */
export interface ConsoleCommand {
  /** The text after `$ `, with its here-document. */
  readonly command: string
  readonly output: readonly string[]
}

/** Reads the commands of all `console` blocks of a page, in order. */
export function readConsoleCommands(page: string): ConsoleCommand[] {
  return [...page.matchAll(/^```console\n(.*?)^```/gms)].flatMap(([, block = '']) => readBlock(block))
}

function readBlock(block: string): ConsoleCommand[] {
  return block
    .split(/^\$ /m)
    .filter((text) => text !== '')
    .map((text) => {
      const [first = '', ...lines] = text.trimEnd().split('\n')
      const end = first.includes("<<'END'") ? lines.indexOf('END') + 1 : 0
      return { command: [first, ...lines.slice(0, end)].join('\n'), output: lines.slice(end) }
    })
}
