import type { Bars } from './sections/section.ts'

const width = 760
const left = 330
const row = 24

/** Draws groups of horizontal bars, the bars of each group to one scale, as the text of an SVG. */
export function drawChart(charts: readonly Bars[]): string {
  let y = 10
  const parts: string[] = []
  for (const { title, bars } of charts) {
    const most = Math.max(...bars.map(({ value }) => value))
    y += row
    parts.push(`<text x="10" y="${y}" class="title">${escapeText(title)}</text>`)
    for (const { name, value } of bars) {
      y += row
      const length = Math.max(1, (value / most) * (width - left - 80))
      const kind = name === 'calgate' ? 'own' : 'other'
      parts.push(
        `<text x="${left - 8}" y="${y}" text-anchor="end">${escapeText(name)}</text>`,
        `<rect x="${left}" y="${y - 13}" width="${length.toFixed(1)}" height="16" class="${kind}"/>`,
        `<text x="${(left + length + 6).toFixed(1)}" y="${y}">${value.toFixed(0)}</text>`,
      )
    }
    y += row / 2
  }
  const style =
    'text{font:13px system-ui,sans-serif;fill:#777}.title{font-weight:bold}.own{fill:#0a7d4f}.other{fill:#9aa5b1}'
  const head = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y + 10}" role="img">`
  // What is read to those who do not see it; the page has the same figures as tables.
  const label = `<title>${escapeText(charts.map(({ title }) => title).join('; '))}</title>`
  return `${head}\n${label}\n<style>${style}</style>\n${parts.join('\n')}\n</svg>\n`
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
