import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { parseSource, readSources, type SourceFile, walk } from './tree.ts'

const sources = readSources()

describe('types', () => {
  it('are never any', () => {
    expect(findAny(sources)).toEqual([])
  })

  it('that are any are noticed, in words of a comment they are not', () => {
    const planted = parseSource(
      'src/a.ts',
      `// any\nlet a: any\nconst any = 1\nfunction f(x: Record<string, any[]>) {}`,
    )
    expect(findAny([planted])).toEqual(['src/a.ts:2', 'src/a.ts:4'])
  })

  it('are cast at most once a file', () => {
    expect(findCasts(sources)).toEqual([])
  })

  it('that are cast twice are noticed; const assertions, satisfies and renamed imports are none', () => {
    const harmless = `import { a as b } from 'c'\nconst d = [1] as const satisfies number[]\n`
    const once = parseSource('src/once.ts', `${harmless}const e = b as string`)
    const twice = parseSource('src/twice.ts', `${harmless}const e = b as unknown as string`)
    const angle = parseSource('src/angle.ts', 'const f = <string>g\nconst h = g!')
    expect(findCasts([once, twice, angle])).toEqual(['src/twice.ts: 2 casts', 'src/angle.ts: 2 casts'])
  })

  it('are checked everywhere: no file tells the compiler to look away', () => {
    const silenced = sources.filter(({ text }) =>
      /@ts-(ignore|expect-error|nocheck)|biome-ignore lint\/suspicious\/noExplicitAny/.test(text),
    )
    expect(silenced.map(({ path }) => path)).toEqual([])
  })
})

describe('exports', () => {
  it('say what they are for', () => {
    expect(findUndocumented(sources)).toEqual([])
  })

  it('that say nothing are noticed', () => {
    const planted = parseSource(
      'src/a.ts',
      [
        '/** Counts. */\nexport const count = 1',
        'export const silent = 2',
        '// not a doc comment\nexport function silentToo() {}',
        '/** */\nexport class Empty {}',
        '/** @internal */\nexport interface OnlyTag {}',
        'type Late = string\nexport { type Late }',
        'const secret = 3',
        'export default secret',
      ].join('\n'),
    )
    expect(findUndocumented([planted])).toEqual([
      'src/a.ts: silent',
      'src/a.ts: silentToo',
      'src/a.ts: Empty',
      'src/a.ts: OnlyTag',
      'src/a.ts: Late',
      'src/a.ts: default',
    ])
  })
})

describe('the process', () => {
  it('is touched in src/main.ts alone', () => {
    expect(findProcess(sources)).toEqual([])
  })

  it('is noticed elsewhere, by name and by import', () => {
    const planted = [
      parseSource('src/a.ts', 'const home = process.env.HOME'),
      parseSource('src/b.ts', `import { env } from 'node:process'`),
      parseSource('src/c.ts', 'globalThis.process.exit(1)'),
      parseSource(
        'src/d.ts',
        '// the process.env\nfunction processAll(step: { process(): void }) { step.process() }',
      ),
      parseSource('src/e.ts', 'console.log(1)'),
    ]
    expect(findProcess(planted)).toEqual(['src/a.ts', 'src/b.ts', 'src/c.ts', 'src/e.ts'])
  })
})

describe('an API', () => {
  it('is known by name nowhere in src/, comments included', () => {
    expect(findApiWords(sources)).toEqual([])
  })

  it('is noticed by its name, headers, variables and operations', () => {
    const planted = parseSource(
      'src/rest/a.ts',
      [
        '// Cal.com: https://api.cal.com',
        'read(CAL_COM_BASE_URL)',
        `const path = '/v2/oauth-clients'`,
        'const title = `a managed user of ` + calCom',
        `const header = 'X-Cal-Client-Id'`,
        '/** Then force-refresh. */',
        'const local = calculate(locale)',
      ].join('\n'),
    )
    expect(findApiWords([planted])).toEqual([
      'src/rest/a.ts:1: Cal.com',
      'src/rest/a.ts:1: cal.com',
      'src/rest/a.ts:2: CAL_COM',
      'src/rest/a.ts:3: oauth-clients',
      'src/rest/a.ts:4: managed user',
      'src/rest/a.ts:4: calCom',
      'src/rest/a.ts:5: X-Cal-',
      'src/rest/a.ts:6: force-refresh',
    ])
  })
})

function findAny(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    walk(file.tree)
      .filter((node) => node.kind === ts.SyntaxKind.AnyKeyword)
      .map((node) => `${file.path}:${file.tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}`),
  )
}

function findCasts(files: readonly SourceFile[]): string[] {
  return files
    .map(({ path, tree }) => ({ path, count: walk(tree).filter(isCast).length }))
    .filter(({ count }) => count > 1)
    .map(({ path, count }) => `${path}: ${count} casts`)
}

function isCast(node: ts.Node): boolean {
  if (ts.isNonNullExpression(node)) return true
  return (
    (ts.isAsExpression(node) || ts.isTypeAssertionExpression(node)) && !ts.isConstTypeReference(node.type)
  )
}

function findUndocumented(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, tree }) => {
    const documented = new Set(tree.statements.filter(hasSentence).flatMap(listNames))
    const exported = tree.statements.flatMap(listExports)
    return exported.filter((name) => !documented.has(name)).map((name) => `${path}: ${name}`)
  })
}

/** True when a doc comment stands before a statement and holds more than tags. */
function hasSentence(statement: ts.Statement): boolean {
  return ts.getJSDocCommentsAndTags(statement).some((one) => ts.isJSDoc(one) && Boolean(one.comment))
}

function listExports(statement: ts.Statement): string[] {
  if (ts.isExportAssignment(statement)) return ['default']
  if (
    ts.isExportDeclaration(statement) &&
    statement.exportClause &&
    ts.isNamedExports(statement.exportClause)
  )
    return statement.exportClause.elements.map(({ name, propertyName }) => (propertyName ?? name).text)
  const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : []
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ? listNames(statement) : []
}

function listNames(statement: ts.Statement): string[] {
  if (ts.isExportAssignment(statement)) return ['default']
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.getText())
  const { name } = Object(statement)
  return ts.isIdentifier(Object(name)) ? [name.text] : []
}

/** Writing to the console is writing to the process's streams. */
function findProcess(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path, tree }) => path !== 'src/main.ts' && walk(tree).some(touchesProcess))
    .map(({ path }) => path)
}

function touchesProcess(node: ts.Node): boolean {
  if (ts.isStringLiteral(node)) return /^(node:)?process$/.test(node.text)
  if (!ts.isIdentifier(node) || !/^(process|console)$/.test(node.text)) return false
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent))
    return parent.expression === node || parent.expression.getText() === 'globalThis'
  return !ts.isMethodSignature(parent) && !ts.isPropertySignature(parent) && !ts.isPropertyAssignment(parent)
}

/** Words that only make sense for one API: what is known of one stands in its document. */
function findApiWords(files: readonly SourceFile[]): string[] {
  const words =
    /cal[._-]?com\b|cal_com|\bcal\.(diy|eu)\b|managed[ -]?users?|oauth-?clients?\b|x-cal-|force-?refresh/gi
  return files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, index) => [...line.matchAll(words)].map(([word]) => `${path}:${index + 1}: ${word}`)),
  )
}
