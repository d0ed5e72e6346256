/** A box of the drawing. */
interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly lines: readonly string[]
  readonly kind?: 'own'
}

const boxes: readonly Box[] = [
  { x: 10, y: 30, width: 150, height: 50, lines: ['your applications'] },
  { x: 10, y: 150, width: 150, height: 50, lines: ['MCP clients', 'of models'] },
  { x: 230, y: 30, width: 110, height: 50, lines: ['REST', ':8080'], kind: 'own' },
  { x: 230, y: 150, width: 110, height: 50, lines: ['MCP tools', ':9090'], kind: 'own' },
  {
    ...{ x: 390, y: 30, width: 170, height: 170, kind: 'own' },
    lines: ['authorize', 'validate', 'choose credentials', 'limit', 'send, once', 'check the response'],
  },
  { x: 630, y: 30, width: 120, height: 50, lines: ['the API'] },
  { x: 630, y: 150, width: 120, height: 50, lines: ['or its mock'] },
]

/** Arrows from one point to another. */
const arrows: readonly (readonly [number, number, number, number])[] = [
  [160, 55, 226, 55],
  [160, 175, 226, 175],
  [340, 55, 386, 90],
  [340, 175, 386, 140],
  [560, 90, 626, 55],
  [560, 140, 626, 175],
]

const style = `
  text{font:13px system-ui,sans-serif;fill:#24292f;text-anchor:middle} rect{fill:none;stroke:#6e7781;rx:6} .own{stroke:#0a7d4f;stroke-width:2}
  path{stroke:#6e7781;fill:none;marker-end:url(#end)} marker path{fill:#6e7781;stroke:none;marker-end:none}
  @media (prefers-color-scheme:dark){text{fill:#e6edf3} rect,path{stroke:#8b949e} .own{stroke:#6fdc9f} marker path{fill:#8b949e}}
`

/** Draws what calgate stands between, as the text of an SVG that is readable on light and on dark. */
export function drawFlow(): string {
  const parts = [
    ...arrows.map(([x, y, toX, toY]) => `<path d="M${x} ${y}L${toX} ${toY}"/>`),
    ...boxes.flatMap(({ x, y, width, height, lines, kind }) => [
      `<rect x="${x}" y="${y}" width="${width}" height="${height}"${kind ? ` class="${kind}"` : ''}/>`,
      ...lines.map((line, index) => {
        const middle = y + height / 2 + 5 + (index - (lines.length - 1) / 2) * 22
        return `<text x="${x + width / 2}" y="${middle}">${line}</text>`
      }),
    ]),
    '<text x="390" y="20">calgate: one OpenAPI document drives both servers</text>',
  ]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 215" role="img">
<title>Applications call REST on port 8080, MCP clients call tools on port 9090; both are checked in the same steps before the API is called</title>
<style>${style}</style>
<marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker>
${parts.join('\n')}
</svg>
`
}
