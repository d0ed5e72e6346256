import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** One file of the repository; `path` is relative to its root, with forward slashes. */
export interface TextFile {
  readonly path: string
  readonly text: string
}

/** A TypeScript file with its syntax tree. */
export interface SourceFile extends TextFile {
  readonly tree: ts.SourceFile
}

/** Where the repository begins. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

/** What `.gitignore` names, and git's own folder: nothing below is part of the project. */
const ignored = new Set([
  '.git',
  ...readFileSync(join(root, '.gitignore'), 'utf8')
    .split('\n')
    .map((line) => line.replace(/\/$/, '')),
])

/** Lists every file of the project below a folder. */
export function listFiles(folder = '.'): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !ignored.has(name) && !['.log', '.tgz', '.mcpb'].includes(extname(name)))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? listFiles(path) : [path.split(sep).join('/')]
    })
}

/** Reads one file of the project. */
export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

const parsed = new Map<string, SourceFile>()

/** Reads the TypeScript files below a folder that people write; each is parsed once. */
export function readSources(folder = 'src'): SourceFile[] {
  return listFiles(folder)
    .filter((path) => /\.c?ts$/.test(path))
    .map((path) => {
      const file = parsed.get(path) ?? parseSource(path, readText(path))
      parsed.set(path, file)
      return file
    })
}

/** Parses one text as a TypeScript file of that path. */
export function parseSource(path: string, text: string): SourceFile {
  return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) }
}

/** Lists all nodes of a syntax tree, parents first; neither tokens nor comments. */
export function walk(tree: ts.Node): ts.Node[] {
  const nodes: ts.Node[] = []
  const visit = (node: ts.Node) => {
    nodes.push(node)
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return nodes
}

/** One import of a file: a project path (`src/errors/gateway-error.ts`) where it is relative, else the package's name. */
export interface Import {
  readonly from: string
  readonly to: string
  readonly relative: boolean
}

/** Lists what files import and re-export, statically or not. */
export function listImports(sources: readonly SourceFile[]): Import[] {
  return sources.flatMap((source) =>
    walk(source.tree)
      .map(readSpecifier)
      .flatMap((specifier) => {
        if (specifier === undefined) return []
        const isRelative = specifier.startsWith('.')
        const to = isRelative ? resolvePath(source.path, specifier) : readPackage(specifier)
        return [{ from: source.path, to, relative: isRelative }]
      }),
  )
}

function readSpecifier(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node))
    return node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)
      ? node.moduleSpecifier.text
      : undefined
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    return ts.isStringLiteral(node.argument.literal) ? node.argument.literal.text : undefined
  if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.ImportKeyword) return undefined
  const [argument] = node.arguments
  return argument && ts.isStringLiteral(argument) ? argument.text : undefined
}

function resolvePath(from: string, specifier: string): string {
  return relative(root, join(root, from, '..', specifier))
    .split(sep)
    .join('/')
}

function readPackage(specifier: string): string {
  return specifier.startsWith('@')
    ? specifier.split('/').slice(0, 2).join('/')
    : (specifier.split('/')[0] ?? '')
}
