import { extname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { listFiles, readText, type TextFile } from './tree.ts'

/** Lock files repeat what packages say of themselves; `dependencies.test.ts` reads them. */
const texts = listFiles()
  .filter((path) => !/package-lock\.json$/.test(path) && !['.png', '.ico', '.woff2'].includes(extname(path)))
  .map((path) => ({ path, text: readText(path) }))

/** Folder names put together here, because this file is under the rules too. */
const foreignFolder = ['sha', 'red'].join('')
const machineFolders = ['wor/k', 'ro/ot', 'ho/me/ada', 'Us/ers/ada'].map((name) => name.replace('/', ''))

describe('the repository', () => {
  it('names no folder of the machine it was made on', () => {
    expect(findMachinePaths(texts)).toEqual([])
  })

  it('is seen naming a folder of the machine', () => {
    const planted = machineFolders.map((folder, index) => ({
      path: `${index}.md`,
      text: `\nsee "/${folder}/notes.md"`,
    }))
    const harmless = {
      path: 'a.ts',
      text: `app.get("/v1/users"); import("./${machineFolders[0]}/list.ts"); "https://a.org/home/b/"`,
    }
    expect(findMachinePaths([...planted, harmless])).toEqual(['0.md:2', '1.md:2', '2.md:2', '3.md:2'])
  })

  it('reads nothing from a folder that only its makers have', () => {
    expect(findForeignFolder(texts)).toEqual([])
  })

  it('is seen reading from that folder', () => {
    const planted = [
      { path: 'a.md', text: `\nsee \`${foreignFolder}/design.md\`` },
      { path: 'b.ts', text: `read('../${foreignFolder}/facts.yaml')` },
      { path: 'c.ts', text: `import 'sdk/${foreignFolder}/transport.js' // un${foreignFolder}/x` },
    ]
    expect(findForeignFolder(planted)).toEqual(['a.md:2', 'b.ts:1'])
  })

  it("names no package registry: where to install from is the reader's decision", () => {
    expect(findRegistries(texts)).toEqual([])
  })

  it('is seen naming a package registry', () => {
    const hosts = ['registry/.example.org', 'npm.pk/g.example.org', 'npm.example.org', 'www.npmj/s.com']
    const planted = hosts.map((host, index) => ({
      path: `${index}.md`,
      text: `npm i --registry${index === 2 ? '=' : ' '}https://${host.replace('/', '')}/`,
    }))
    const harmless = { path: 'a.md', text: 'a registry of tools; npm-registry' }
    expect(findRegistries([...planted, harmless])).toEqual(['0.md:1', '1.md:1', '2.md:1', '3.md:1'])
  })
})

function findMachinePaths(files: readonly TextFile[]): string[] {
  return findLines(files, /(?<![\w.~})-])\/(work|root|home\/[a-z]\w*|Users\/[a-z]\w*)\//)
}

/** Packages have folders of that name as well: `sdk/…/transport.js` is none of ours. */
function findForeignFolder(files: readonly TextFile[]): string[] {
  return findLines(files, new RegExp(`((?<![\\w/-])|(?<=\\.\\/))${foreignFolder}/`))
}

function findRegistries(files: readonly TextFile[]): string[] {
  return findLines(files, /\bregistry\.[\w-]+\.\w|\bnpm\.pkg\.|\bnpmjs\.|registry["']?\s*[=:]\s*["']?https?:/)
}

function findLines(files: readonly TextFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .map((line, index) => (pattern.test(line) ? `${path}:${index + 1}` : ''))
      .filter(Boolean),
  )
}
