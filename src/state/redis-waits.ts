import { type Clock, ExpiringMap } from './expiring-map.ts'
import type { RedisConnection } from './redis-connection.ts'
import { announceWait, listWaits } from './redis-scripts.ts'
import type { WaitList } from './store.ts'

/** Names that have to wait at most. */
const mostWaits = 10_000

/**
 * Opens a list of waits that every replica has in its memory: each tells the others by a channel, and asks for what it
 * missed when it is connected again. The key is the channel's name too.
 */
export async function openWaits(connection: RedisConnection, key: string, clock: Clock): Promise<WaitList> {
  const waiting = new ExpiringMap<true>({ clock, capacity: mostWaits })
  const waits = {
    isUsed: false,
    remaining: (name: string) => waiting.remaining(name),
    add(name: string, milliseconds: number) {
      learn(name, milliseconds)
      // Without Redis this replica waits alone.
      connection.run(announceWait, { keys: [key], args: [name, milliseconds, key] }).catch(() => {})
    },
  }
  const learn = (name: string, milliseconds: number) => {
    waits.isUsed = true
    if (milliseconds > waiting.remaining(name)) waiting.set(name, true, milliseconds)
  }
  const onMessage = (text: string) => {
    const [milliseconds, name = ''] = text.split(' ')
    learn(name, Number(milliseconds))
  }
  const catchUp = async () => {
    const list = await connection.run(listWaits, { keys: [key] }).catch(() => [])
    for (let index = 0; index < list.length; index += 2) learn(String(list[index]), Number(list[index + 1]))
  }
  await connection.listen(key, onMessage, () => void catchUp())
  await catchUp()
  return waits
}
