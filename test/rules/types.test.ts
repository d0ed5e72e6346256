import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { listFiles, root } from './tree.ts'

const planted = 'planted.ts'
const plantedText = [
  'const { a } = Object(1)',
  'const b: unknown = JSON.parse("1")',
  'const c = JSON.parse("1")',
  'Promise.reject(1).catch((error) => String(error))',
  'Promise.reject(1).catch((error: unknown) => String(error))',
  'export { a, b, c }',
].join('\n')
const options = readOptions()
const paths = [...listFiles('src'), ...listFiles('contracts')].filter((path) => /\.c?ts$/.test(path))
// One program, since another one would read the libraries again.
const program = createProgram([...paths, planted], { [planted]: plantedText })

describe('the type of an expression', () => {
  it('is never any, however it came about', () => {
    expect(paths.flatMap((path) => findAny(program, path))).toEqual([])
  })

  it('is any, and noticed, where a declaration of a library says so', () => {
    expect(findAny(program, planted)).toEqual([
      `${planted}:1 a`,
      `${planted}:3 c`,
      `${planted}:4 error`,
      `${planted}:6 a`,
      `${planted}:6 c`,
    ])
  })
})

function readOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  return ts.parseJsonConfigFileContent(config, ts.sys, root).options
}

function createProgram(files: readonly string[], texts: Readonly<Record<string, string>>): ts.Program {
  const host = ts.createCompilerHost(options)
  host.jsDocParsingMode = ts.JSDocParsingMode.ParseNone
  const find = (file: string) => texts[file.slice(root.length)]
  const { readFile, fileExists, getSourceFile } = host
  host.readFile = (file) => find(file) ?? readFile(file)
  host.fileExists = (file) => find(file) !== undefined || fileExists(file)
  host.getSourceFile = (file, target) => {
    const text = find(file)
    return text === undefined ? getSourceFile(file, target) : ts.createSourceFile(file, text, target, true)
  }
  return ts.createProgram(
    files.map((path) => root + path),
    options,
    host,
  )
}

/** Lists the lines that name a value of type any: `path:line name`. */
function findAny(inside: ts.Program, path: string): string[] {
  const checker = inside.getTypeChecker()
  const source = inside.getSourceFile(root + path)
  const lines = new Set<string>()
  const visit = (node: ts.Node) => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return
    if (source && isValue(node) && isAny(checker, node)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart())
      lines.add(`${path}:${line + 1} ${node.getText().slice(0, 20)}`)
    }
    ts.forEachChild(node, visit)
  }
  if (source) visit(source)
  return [...lines]
}

/** A name that stands for a value: a variable, a parameter, a member that is read. */
function isValue(node: ts.Node): boolean {
  if (ts.isElementAccessExpression(node)) return true
  const { parent } = node
  if (!ts.isIdentifier(node) || ts.isModuleDeclaration(parent)) return false
  return !(ts.isBindingElement(parent) && parent.propertyName === node)
}

function isAny(checker: ts.TypeChecker, node: ts.Node): boolean {
  return (checker.getTypeAtLocation(node).flags & ts.TypeFlags.Any) !== 0
}
