import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { descriptionOptions } from '../../src/cli/description-options.ts'
import { asRecord } from '../../src/document/json.ts'
import { load } from './loading.ts'

const page = readFileSync(new URL('../../docs/descriptions.md', import.meta.url), 'utf8')

/** The examples: what a description says, what it becomes, and the problems that it has. */
const examples = page
  .split(/^### /m)
  .slice(1)
  .map((section) => ({
    title: section.slice(0, section.indexOf('\n')),
    ...Object.fromEntries(
      [...section.matchAll(/^```(yaml|json|text)\n(.*?)^```/gms)].map(([, kind = '', text = '']) => [
        kind,
        text,
      ]),
    ),
  }))
  .map(({ title, ...texts }) => ({ title, yaml: '', json: '{}', text: '', ...texts }))

const words = { error: 'error', omission: 'left out', warning: 'warning' } as const

/** Writes what the examples of a kind leave out. */
function complete(text: string): string {
  const { resources, rest = [], tools = [], ...api } = asRecord(parse(text))
  if (resources === undefined) return `openapi: 3.1.0\ninfo: { title: Shop, version: '1' }\n${text}`
  return stringify({
    naftiko: '1.0.0-alpha2',
    info: { label: 'Shop', description: 'A shop' },
    capability: {
      consumes: [{ type: 'http', namespace: 'shop', baseUri: 'https://api.example.org', ...api, resources }],
      exposes: [
        { type: 'rest', namespace: 'shop-rest', port: 8080, resources: rest },
        { type: 'mcp', namespace: 'shop-mcp', port: 9090, tools },
      ],
    },
  })
}

describe('docs/descriptions.md', () => {
  it.each(examples)('$title: becomes what the page says', async ({ yaml, json, text }) => {
    const { document, problems } = await load({ 'shop.yaml': complete(yaml) }, { baseUrls: new Map() })
    const expected: unknown = JSON.parse(json)
    expect(document).toMatchObject(asRecord(expected))
    expect(Object.keys(document?.paths ?? {})).toEqual(Object.keys(asRecord(asRecord(expected).paths)))
    const told = problems.map(({ severity, message }) => `${words[severity]}: ${message}`)
    const withoutLines = (line: string) => line.replaceAll(/line \d+/g, 'line N')
    expect(told.map(withoutLines)).toEqual(text.split('\n').filter(Boolean).map(withoutLines))
  })

  it('lists every option, and no other', () => {
    const listed = [...page.matchAll(/^\| (`--[^|]+) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/--([a-z-]+)/g)].map(([, name = '']) => name),
    )
    expect(listed).toEqual(Object.keys(descriptionOptions).map((flags) => /--([a-z-]+)/.exec(flags)?.[1]))
  })
})
