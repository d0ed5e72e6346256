import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { parseSource, readSources, type SourceFile } from './tree.ts'

const folders = ['src', 'contracts', 'mocks', 'bench', 'corpus', 'scripts', 'stress']

/** Nouns that end as a verb of the third person does. */
const nouns = 'Bytes|Errors|Keys|Members|Milliseconds|Texts|Values|Variables|Words'

describe('docstrings of exported functions', () => {
  it('begin with a verb in the third person', () => {
    expect(findVerbless(folders.flatMap((folder) => readSources(folder)))).toEqual([])
  })

  it('that begin with something else are noticed', () => {
    const planted = parseSource(
      'src/a.ts',
      [
        '/** Returns a URL. */\nexport function returns() {}',
        '/**\n * Percent-encodes a text.\n */\nexport const encodes = () => {}',
        '/** The URL of a call. */\nexport function article() {}',
        '/** True for a read. */\nexport const predicate = () => true',
        '/**\n * Variables of a template.\n */\nexport async function noun() {}',
        '/** `a` is `b`. */\nexport const code = function () {}',
        '/** Limits of a call. */\nexport interface Limits {}',
        '/** The most calls. */\nexport const most = 3',
        '/** The inner one. */\nfunction inner() {}',
      ].join('\n'),
    )
    expect(findVerbless([planted])).toEqual([
      'src/a.ts: article',
      'src/a.ts: predicate',
      'src/a.ts: noun',
      'src/a.ts: code',
    ])
  })
})

function findVerbless(files: readonly SourceFile[]): string[] {
  const verb = new RegExp(`^(?!(?:${nouns})\\b)[A-Z][a-z-]*s\\b`)
  return files.flatMap(({ path, tree }) =>
    tree.statements
      .filter((one) => ts.canHaveModifiers(one) && ts.getModifiers(one)?.some(isExport))
      .flatMap((one) => {
        const name = readFunctionName(one)
        const [text] = ts.getJSDocCommentsAndTags(one).filter(ts.isJSDoc)
        const comment = ts.getTextOfJSDocComment(text?.comment) ?? ''
        return name === undefined || comment === '' || verb.test(comment) ? [] : [`${path}: ${name}`]
      }),
  )
}

function isExport({ kind }: ts.ModifierLike): boolean {
  return kind === ts.SyntaxKind.ExportKeyword
}

function readFunctionName(statement: ts.Statement): string | undefined {
  if (ts.isFunctionDeclaration(statement)) return statement.name?.text
  const [first] = ts.isVariableStatement(statement) ? statement.declarationList.declarations : []
  const value = first?.initializer
  return value && (ts.isArrowFunction(value) || ts.isFunctionExpression(value))
    ? first.name.getText()
    : undefined
}
