/**
 * The atomic steps that replicas take in Redis or Valkey. All keys of a gateway have one hash tag, so that a cluster has
 * them on one node. Times are those of Redis, in milliseconds unless said otherwise.
 */

const now = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`

/** In microseconds, to tell apart what happens in one millisecond. */
const exactNow = `local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]`

/**
 * Finds the epoch of the data, and begins one where there is none. KEYS: epoch. ARGV: epoch that the replica knew or an
 * empty text, id for a new one, lifetime of a record. Where the replica knew another epoch, records were lost: no record
 * may be claimed until the last of them would have expired. Returns the id.
 */
export const joinEpoch = `${now}
local id = redis.call('HGET', KEYS[1], 'id')
if not id then
  id = ARGV[2]
  redis.call('HSET', KEYS[1], 'id', id, 'began', now)
end
if ARGV[1] ~= '' and ARGV[1] ~= id then
  redis.call('HSET', KEYS[1], 'closed', redis.call('HGET', KEYS[1], 'began') + ARGV[3])
end
return id`

/**
 * Sets a record unless there is one. KEYS: epoch, record. ARGV: id of the epoch, record, ttl. Returns what came of it
 * (`claimed`, `known`, `epoch` for another epoch, `closed`) and the record, or the milliseconds for which it is closed.
 */
export const claimRecord = `${now}
local epoch = redis.call('HMGET', KEYS[1], 'id', 'closed')
if epoch[1] ~= ARGV[1] then return {'epoch'} end
local known = redis.call('GET', KEYS[2])
if known then return {'known', known} end
if epoch[2] and now < tonumber(epoch[2]) then return {'closed', epoch[2] - now} end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return {'claimed'}`

/** Replaces a record. KEYS: record. ARGV: record, ttl. */
export const setRecord = `return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])`

/** Deletes a key. KEYS: key. */
export const deleteKey = `return redis.call('DEL', KEYS[1])`

/** Deletes a record if it is still the one given. KEYS: record. ARGV: record. */
export const releaseRecord = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0`

/** Adds 1 to a counter. KEYS: counter. ARGV: window. Returns the count and the milliseconds that are left. */
export const countCall = `local calls = redis.call('INCR', KEYS[1])
if calls == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {calls, redis.call('PTTL', KEYS[1])}`

/**
 * Takes a kept response, by giving it a name of the taker's alone. KEYS: response, taken response. Returns the time and,
 * unless it is stale or there is none: value, time of its beginning, milliseconds left.
 */
export const takeResponse = `${exactNow}
if redis.call('EXISTS', KEYS[1]) == 0 then return {now} end
redis.call('RENAME', KEYS[1], KEYS[2])
local kept = redis.call('HMGET', KEYS[2], 'value', 'began', 'marks')
for mark in string.gmatch(kept[3], '%S+') do
  local set = redis.call('GET', mark)
  if set and tonumber(set) > tonumber(kept[2]) then return {now} end
end
return {now, kept[1], tonumber(kept[2]), redis.call('PTTL', KEYS[2])}`

/** Gives a taken response its name back. KEYS: taken response, response. */
export const returnResponse = `if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
return redis.call('RENAMENX', KEYS[1], KEYS[2])`

/** Keeps a response. KEYS: response. ARGV: value, time of its beginning, ttl, its marks with spaces between them. */
export const keepResponse = `redis.call('HSET', KEYS[1], 'value', ARGV[1], 'began', ARGV[2], 'marks', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 0`

/** Deletes a response if it is still the one given. KEYS: response. ARGV: value. */
export const releaseResponse = `if redis.call('HGET', KEYS[1], 'value') == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0`

/**
 * Makes responses stale that have one of the marks and began before a time, or before now where that is earlier. KEYS:
 * marks. ARGV: ttl, the time. Returns the time of the mark, and the time.
 */
export const setMarks = `${exactNow}
local since = math.min(now, tonumber(ARGV[2]))
for _, mark in ipairs(KEYS) do
  local set = redis.call('GET', mark)
  if not set or tonumber(set) < since then redis.call('SET', mark, string.format('%.0f', since), 'PX', ARGV[1]) end
end
return {since, now}`

/** Announces that a client has to wait. KEYS: waits. ARGV: name, milliseconds, channel. */
export const announceWait = `${now}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], 'GT', now + ARGV[2], ARGV[1])
redis.call('PUBLISH', ARGV[3], ARGV[2] .. ' ' .. ARGV[1])
return 0`

/** Lists who has to wait: names, each followed by its milliseconds. KEYS: waits. */
export const listWaits = `${now}
local list = redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf', 'WITHSCORES')
for index = 2, #list, 2 do list[index] = tonumber(list[index]) - now end
return list`
