-- Appends events to one channel, in order, and publishes those that are new, in one step: otherwise a replay could skip some.
--
-- KEYS[1] log  KEYS[2] entries  KEYS[3] pub/sub channel  KEYS[4..] records of idempotency keys, "EPOCH OFFSET-TAG"
-- ARGV[1] history size  [2] history ttl, ms  [3] log ttl, ms  [4] PUBLISH or SPUBLISH  [5] '1' where events may have been appended before
-- [6] how many old entries to look for and drop, or 0  [7] how long a record is kept, ms
-- [8..] for each event: tag, BODY, and, where there are records, the index of its own in KEYS or 0
-- Reply: "EPOCH OFFSET-TAG", the last event's, where all are new; else a list: epoch, and for each event OFFSET-TAG, with '=' before it
-- where it was there already

local width = #KEYS > 3 and 3 or 2
local is_retry = ARGV[5] == '1'
local time = redis.call('TIME')
local epoch, before, expiry = open_log(ARGV[8], time)
local last, is_new_stream, seen_before, remember, reply = before, false, nil, nil, nil

if is_retry or width == 3 then
  reply = { epoch }
  local found = {}
  local function operation_of(i)
    return string.match(ARGV[i + 1], '^%["[^"]*","([^"]*)"')
  end
  if is_retry then
    local wanted = {}
    for i = 8, #ARGV, width do wanted[operation_of(i)] = true end
    found = find_operations(wanted, time)
  end
  seen_before = function(i)
    local id = is_retry and found[operation_of(i)]
    if id or width == 2 or ARGV[i + 2] == '0' then return id end
    local kept_epoch, kept_id = string.match(redis.call('GET', KEYS[tonumber(ARGV[i + 2])]) or '', '^(%S+) (%S+)$')
    return kept_epoch == epoch and kept_id
  end
  remember = function(i)
    if is_retry then found[operation_of(i)] = last end
    if width == 2 or ARGV[i + 2] == '0' then return end
    redis.call('SET', KEYS[tonumber(ARGV[i + 2])], epoch .. ' ' .. last, 'PX', ARGV[7])
  end
end

local published = { epoch }
for i = 8, #ARGV, width do
  local id = seen_before and seen_before(i)
  if not id then
    local name, is_new
    last, name, is_new = add_entry(ARGV[1], last, ARGV[i], time, ARGV[i + 1])
    is_new_stream = is_new_stream or is_new
    published[#published + 1] = '\n' .. last .. ' ' .. name
    published[#published + 1] = ARGV[i + 1]
    if remember then remember(i) end
  end
  if reply then reply[#reply + 1] = id and '=' .. id or last end
end

if last ~= before then
  end_log(last, expiry, is_new_stream, time, ARGV[2], ARGV[3], false)
  if ARGV[6] ~= '0' then drop_old(ARGV[6], time, ARGV[2]) end
  redis.call(ARGV[4], KEYS[3], table.concat(published))
else
  -- Something is written, so that what waits for replicas waits for this.
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return reply or epoch .. ' ' .. last
