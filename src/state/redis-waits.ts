import type { Clock } from './expiring-map.ts'
import { createWaits } from './memory-store.ts'
import type { RedisConnection } from './redis-connection.ts'
import { announceWait, listWaits } from './redis-scripts.ts'
import type { WaitList } from './store.ts'

/**
 * Opens a list of waits that every replica has in its memory: each tells the others by a channel, and asks for what it
 * missed when it is connected again. The key is the channel's name too.
 */
export async function openWaits(connection: RedisConnection, key: string, clock: Clock): Promise<WaitList> {
  const known = createWaits(clock)
  const waits = {
    get isUsed() {
      return known.isUsed
    },
    remaining: known.remaining,
    add(name: string, milliseconds: number) {
      known.add(name, milliseconds)
      // Without Redis this replica waits alone.
      connection.run(announceWait, { keys: [key], args: [name, milliseconds, key] }).catch(() => {})
    },
  }
  const onMessage = (text: string) => {
    const [milliseconds, name = ''] = text.split(' ')
    known.add(name, Number(milliseconds))
  }
  const catchUp = async () => {
    const list = await connection.run(listWaits, { keys: [key] }).catch(() => [])
    for (let index = 0; index < list.length; index += 2)
      known.add(String(list[index]), Number(list[index + 1]))
  }
  await connection.listen(key, onMessage, () => void catchUp())
  await catchUp()
  return waits
}
