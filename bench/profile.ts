import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Contender, describeGateway, listParts } from './contenders.ts'
import { summariseProfile } from './cpu-profile.ts'
import { writeGatewayKey } from './gateway-key.ts'
import { type BenchRequest, findLoadGenerator } from './load-generator.ts'
import { requestMcp, requestRest } from './requests.ts'
import { type Subject, startSubject } from './subject.ts'
import { startUpstream } from './upstream.ts'

/** Requests to profile, by the name on the command line; without a name all of them. */
const requestsByName: Readonly<Record<string, (contender: Contender) => BenchRequest>> = {
  rest: (contender) => requestRest(contender),
  'mcp-2025-11-25': (contender) => requestMcp(contender, '2025-11-25', 'tools/call'),
  'mcp-2026-07-28': (contender) => requestMcp(contender, '2026-07-28', 'tools/call'),
}

const warmUp = 30
const seconds = 5
const [, , wanted] = process.argv
const folder = mkdtempSync(join(tmpdir(), 'calgate-profile-'))
try {
  chmodSync(folder, 0o755)
  await using upstream = await startUpstream(join(folder, 'upstream'))
  const { load } = findLoadGenerator(folder)
  const gateway = describeGateway(listParts(writeGatewayKey(folder)))
  for (const [name, toRequest] of Object.entries(requestsByName)) {
    if (wanted !== undefined && wanted !== name) continue
    const profiles = join(folder, name)
    const contender = {
      ...gateway,
      options: ['--cpu-prof', `--cpu-prof-dir=${profiles}`],
    }
    const subject = await startSubject(contender, { folder, upstream: upstream.url })
    const port = name === 'rest' ? subject.port : subject.mcpPort
    await load(port, toRequest(gateway), 32, warmUp)
    const { requests } = await load(port, toRequest(gateway), 32, seconds)
    await stopGracefully(subject)
    const [file = ''] = readdirSync(profiles)
    const { functions, modules } = summariseProfile(
      JSON.parse(readFileSync(join(profiles, file), 'utf8')),
      seconds * 1e6,
    )
    console.log(`\n${name}: ${requests} requests, self time in µs a request\n`)
    for (const [title, times] of [
      ['module', modules],
      ['function', functions],
    ] as const)
      console.log(`${title}\n${times.map(([one, time]) => line(one, time / requests)).join('\n')}\n`)
  }
} catch (error) {
  console.error(`profile: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Ends a process with SIGINT: Node writes its profile only on a regular exit. */
async function stopGracefully(subject: Subject): Promise<void> {
  process.kill(subject.pid, 'SIGINT')
  await subject.ended
}

function line(name: string, time: number): string {
  return `${time.toFixed(2).padStart(8)}  ${name}`
}
