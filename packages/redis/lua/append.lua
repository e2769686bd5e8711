-- Appends events to one channel, in order, and publishes those that are new, in one step: otherwise a replay could skip some.
--
-- KEYS[1] log  KEYS[2] entries  KEYS[3] pub/sub channel  KEYS[4..] a record for each idempotency key, "EPOCH OFFSET TAG"
-- ARGV[1] epoch for a log that is born  [2] history size  [3] history ttl, ms  [4] log ttl, ms  [5] PUBLISH or SPUBLISH
-- [6] '1' where an operation may have been made before  [7] how long a record is kept, ms  [8..] for each event: tag, operation id, index of its record in KEYS or 0,
-- HEAD, DATA
-- Reply: { epoch, offset, tag, '1' where it was there before, offset, tag, … }

local EVENT_ARGS = 5
local epoch, offset, tag, fields = open_log(KEYS[1], KEYS[2], ARGV[1])
local time = now()
local known = {}
if ARGV[6] == '1' then
  local operations = {}
  for i = 8, #ARGV, EVENT_ARGS do operations[#operations + 1] = ARGV[i + 1] end
  known = find_operations(KEYS[2], operations)
end

local function seen_before(operation, record)
  if known[operation] then return string.match(known[operation], '^(%d+)%-(%d+)$') end
  local kept = record and redis.call('GET', record)
  if not kept then return nil end
  local kept_epoch, kept_offset, kept_tag = string.match(kept, '^(%S+) (%d+) (%d+)$')
  if kept_epoch == epoch then return kept_offset, kept_tag end
end

local reply = { epoch }
local published = { epoch }
for i = 8, #ARGV, EVENT_ARGS do
  local record = KEYS[tonumber(ARGV[i + 2])]
  local seen_offset, seen_tag = seen_before(ARGV[i + 1], record)
  if not seen_offset then
    published[#published + 1] =
      add_entry(KEYS[2], ARGV[2], offset + 1, ARGV[i], tag, text(time), ARGV[i + 3], ARGV[i + 4])
    offset = offset + 1
    tag = ARGV[i]
    if ARGV[6] == '1' then known[ARGV[i + 1]] = text(offset) .. '-' .. tag end
    if record then redis.call('SET', record, epoch .. ' ' .. text(offset) .. ' ' .. tag, 'PX', ARGV[7]) end
  end
  reply[#reply + 1] = seen_offset or text(offset)
  reply[#reply + 1] = seen_tag or tag
  reply[#reply + 1] = seen_offset and '1' or '0'
end

if #published > 1 then
  redis.call('HSET', KEYS[1], 'o', text(offset), 't', tag)
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
  if math.floor(offset / DROP_EVERY) > math.floor((offset - #published + 1) / DROP_EVERY) then
    drop_old(KEYS[2], time - tonumber(ARGV[3]))
  end
  redis.call(ARGV[5], KEYS[3], table.concat(published, '\n'))
end
if fields == 0 then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return reply
