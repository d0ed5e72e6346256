import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findFreePorts } from '../test/support/processes.ts'
import { generatorCpu } from './cpus.ts'
import { startNginx } from './nginx.ts'

/** Bytes of the lists of users, by the `limit` that asks for each. */
export const lists = { 5: 2_048, 125: 51_200, 3: 1_024, 25: 10_240, 250: 102_400, 249: 1_048_576 } as const

/** The upstream of all contenders: nginx with fixed answers from files. */
export interface Upstream extends AsyncDisposable {
  readonly url: string
}

/** Starts it on a free loopback port: a user of 400 bytes below `/users/`, lists by their `limit`, else of 2 kB. */
export async function startUpstream(folder: string): Promise<Upstream> {
  const [port = 0] = await findFreePorts(1)
  const files = join(folder, 'answers')
  mkdirSync(files, { recursive: true })
  writeFileSync(join(files, 'user.json'), writeUser(400))
  for (const [limit, size] of Object.entries(lists))
    writeFileSync(join(files, `list-${limit}.json`), writeList(size))
  const nginx = startNginx(
    folder,
    generatorCpu,
    `
  default_type application/json;
  map $arg_limit $list {
    default /list-5.json;
${Object.keys(lists)
  .map((limit) => `    ${limit} /list-${limit}.json;`)
  .join('\n')}
  }
  server {
    listen 127.0.0.1:${port} backlog=2048;
    root ${files};
    error_page 405 =200 $uri;
    location ~ /users/?$ { try_files $list =404; }
    location / { try_files /user.json =404; }
  }`,
  )
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => nginx[Symbol.asyncDispose]() }
}

const user = {
  id: 4711,
  email: 'ada+cm9demo@example.org',
  username: 'ada-cm9demo-example-org',
  name: 'Ada Lovelace',
  bio: '',
  timeZone: 'Europe/London',
  weekStart: 'Sunday',
  createdDate: '2026-01-02T03:04:05.678Z',
  timeFormat: 24,
  defaultScheduleId: 815,
  locale: 'en',
  avatarUrl: 'https://cal.example.org/avatar/4711.png',
  metadata: { team: 'analytics' },
}

/** Writes a user of exactly so many bytes: the biography is as long as it takes. */
function writeUser(size: number): string {
  return fill((bio) => JSON.stringify({ status: 'success', data: { ...user, bio } }), size)
}

function writeList(size: number): string {
  const single = JSON.stringify(user).length + 60
  const others = Array.from({ length: Math.max(0, Math.floor(size / single) - 1) }, (_, index) => ({
    ...user,
    id: index + 1,
    bio: 'Wrote the first program.',
  }))
  return fill((bio) => JSON.stringify({ status: 'success', data: [{ ...user, bio }, ...others] }), size)
}

function fill(write: (bio: string) => string, size: number): string {
  return write('x'.repeat(Math.max(0, size - write('').length)))
}
