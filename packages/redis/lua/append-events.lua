-- Included where events are appended to an open log, and published. Needs log, entries, live (where they are published), epoch, last, expiry, time,
-- stamp (the time as names of entries have it), tag (the first one's; each of the others has the one that follows from its predecessor's, random.ts
-- has the rule), count, joined (their bodies, with line breaks between them) and, of several, bodies; sets last (the last one's id) and, where
-- that is a table, ids.
-- Settings: ARGV[1] history size  [2] history ttl, ms  [3] log ttl, ms  [4] PUBLISH or SPUBLISH
local name, is_new_stream = last .. stamp, false
local message = epoch .. '\n' .. name .. tag .. '\n' .. joined
local size, ttl, offset = ARGV[1], ARGV[2], string.match(last, '^%d+') + 0
for i = 1, count do
  offset = offset + 1
  local body, id = joined
  if i == 1 then
    id = string.format('%d-%s', offset, tag)
  else
    tag = (tag * 1664525 + 1013904223) % 4294967296
    name = last .. stamp
    id = string.format('%d-%d', offset, tag)
  end
  if bodies then body = bodies[i] end
  --- @include add-entry
  if ids then ids[i] = id end
  last = id
end
if is_new_stream or not expiry or time[1] >= expiry then
  --- @include move-expiry
  redis.call('HSET', log, 'p', last, 'x', expiry)
  redis.call('PEXPIRE', log, ARGV[3])
else
  redis.call('HSET', log, 'p', last)
end
if offset % DROP_EVERY < count then
  local appended = count
  --- @include drop-old
end
redis.call(ARGV[4], live, message)
