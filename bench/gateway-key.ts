import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listScopes } from '../src/access/authorization.ts'
import { createKey } from '../src/config/gateway-keys.ts'
import { readDocument } from '../src/document/document.ts'
import { readOperations } from '../src/document/operations.ts'
import type { GatewayKey } from './contenders.ts'

/** Makes a key for all operations, as `calgate key` does, and its file in a folder. */
export function writeGatewayKey(folder: string): GatewayKey {
  const { key, line } = createKey('bench', listScopes(readOperations(readDocument())))
  const file = join(folder, 'keys')
  writeFileSync(file, `${line}\n`)
  return { key, file }
}
