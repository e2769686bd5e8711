-- Put after log.lua, before scripts that append events.

-- Text becomes a number, and a number text, only where it must: either costs as much as a short string.

-- The texts of so many events that were sent as one.
local function split(joined, count)
  if count == '1' then return { joined } end
  local bodies, from = {}, 1
  for i = 1, tonumber(count) do
    local to = string.find(joined, '\n', string.find(joined, '\n', from, true) + 1, true) or #joined + 1
    bodies[i] = string.sub(joined, from, to - 1)
    from = to + 1
  end
  return bodies
end

-- Appends events to an open log and publishes them: `joined` is their bodies with line breaks between them, `stamp` the time as names of entries
-- have it. The first has the tag that is given, and each of the others the one that follows from its predecessor's (random.ts has the rule).
-- Answers the last one's id; `ids` is given all of them, where it is wanted.
-- Settings: ARGV[1] history size  [2] history ttl, ms  [3] log ttl, ms  [4] PUBLISH or SPUBLISH
local function append_events(key, epoch, last, expiry, time, stamp, tag, bodies, joined, ids)
  local log, entries = KEYS[key], KEYS[key + 1]
  local head = epoch .. '\n' .. last .. stamp .. tag .. '\n'
  local offset, is_new_stream, count = tonumber(string.match(last, '^%d+')), false, #bodies
  for i = 1, count do
    local name = last .. stamp
    offset = offset + 1
    if i > 1 then tag = (tag * 1664525 + 1013904223) % 4294967296 end
    last = string.format(i == 1 and '%d-%s' or '%d-%d', offset, tag)
    if ids then ids[i] = last end
    is_new_stream = add_entry(entries, ARGV[1], offset, last, name, bodies[i]) or is_new_stream
  end
  end_log(log, entries, last, expiry, is_new_stream, time, ARGV[2], ARGV[3])
  if offset % DROP_EVERY < count then drop_old(entries, count, time, ARGV[2]) end
  redis.call(ARGV[4], KEYS[key + 2], head .. joined)
  return last
end
