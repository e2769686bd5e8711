-- Appends events to channels, to each in order, and publishes those that are new, in one step: otherwise a replay could skip some. Where it
-- fails with one channel it ends: those before it have theirs.
--
-- KEYS for each channel: log, entries, pub/sub channel; after all of these, records of idempotency keys, "EPOCH OFFSET-TAG"
-- ARGV[1] history size  [2] history ttl, ms  [3] log ttl, ms  [4] PUBLISH or SPUBLISH  [5] '1' where events may have been appended before
-- [6] how long a record is kept, ms  [7] number of channels  [8..] for each channel: number of events, and for each of these: tag, BODY, and,
-- where there are records, the index of its own in KEYS or 0
-- Reply, a list: for each channel "EPOCH OFFSET-TAG", the last event's, where all are new and there are no records; else the epoch, and for each
-- event OFFSET-TAG, with '=' before it where it was there already, joined by spaces

local channels = tonumber(ARGV[7])
local width = #KEYS > 3 * channels and 3 or 2
local is_retry = ARGV[5] == '1'
local time = redis.call('TIME')

-- What the records say, by key; all are read at once, for a call costs more than what it reads.
local records = {}
for from = 3 * channels + 1, #KEYS, 1000 do
  local to = math.min(from + 999, #KEYS)
  local values = redis.call('MGET', unpack(KEYS, from, to))
  for i = from, to do records[KEYS[i]] = values[i - from + 1] end
end

-- What tells whether an event of the channel has been appended before, and what takes down that it now has.
local function memory_of(entries, epoch, first_arg, last_arg)
  local found = {}
  local function operation_of(i)
    return string.match(ARGV[i + 1], '^%["[^"]*","([^"]*)"')
  end
  local function record_of(i)
    return width == 3 and ARGV[i + 2] ~= '0' and KEYS[tonumber(ARGV[i + 2])]
  end
  if is_retry then
    local wanted = {}
    for i = first_arg, last_arg, width do wanted[operation_of(i)] = true end
    found = find_operations(entries, wanted, time)
  end
  local function seen_before(i)
    local id = is_retry and found[operation_of(i)]
    if id then return id end
    local record = record_of(i) and records[record_of(i)]
    return record and string.match(record, '^' .. epoch .. ' (%S+)$')
  end
  local function remember(i, id)
    if is_retry then found[operation_of(i)] = id end
    local key = record_of(i)
    if not key then return end
    records[key] = epoch .. ' ' .. id
    redis.call('SET', key, records[key], 'PX', ARGV[6])
  end
  return seen_before, remember
end

local function append(log, entries, live, first_arg, last_arg)
  local epoch, before, expiry = open_log(log, entries, ARGV[first_arg], time)
  local last, is_new_stream, published = before, false, { epoch }
  local seen_before, remember, reply
  if is_retry or width == 3 then
    seen_before, remember = memory_of(entries, epoch, first_arg, last_arg)
    reply = { epoch }
  end
  for i = first_arg, last_arg, width do
    local id = seen_before and seen_before(i)
    if not id then
      local name, is_new
      last, name, is_new = add_entry(entries, ARGV[1], last, ARGV[i], time, ARGV[i + 1])
      is_new_stream = is_new_stream or is_new
      published[#published + 1] = '\n' .. last .. ' ' .. name
      published[#published + 1] = ARGV[i + 1]
      if remember then remember(i, last) end
    end
    if reply then reply[#reply + 1] = id and '=' .. id or last end
  end
  if last ~= before then
    end_log(log, entries, last, expiry, is_new_stream, time, ARGV[2], ARGV[3])
    drop_old(entries, ARGV[first_arg], (#published - 1) / 2, time, ARGV[2])
    redis.call(ARGV[4], live, table.concat(published))
  else
    -- Something is written, so that what waits for replicas waits for this.
    redis.call('PEXPIRE', log, ARGV[3])
  end
  return reply and table.concat(reply, ' ') or epoch .. ' ' .. last
end

local replies, i = {}, 8
for channel = 1, channels do
  local last_arg = i + width * tonumber(ARGV[i])
  replies[channel] = append(KEYS[3 * channel - 2], KEYS[3 * channel - 1], KEYS[3 * channel], i + 1, last_arg)
  i = last_arg + 1
end
return replies
