-- As append.lua, of events that may have been appended before: those are left out.
--
-- KEYS for each channel: log, entries, pub/sub channel; after all of these, records of idempotency keys, "EPOCH OFFSET-TAG"
-- ARGV[1..4] as in append-events.lua  [5] where their operations may have appended them, within how many ms, else ''; 0 where that is not known
-- [6] how long a record is kept, ms
-- [7] number of channels  [8..] for each channel: number of events, the first's tag, BODY of each, with line breaks between them, and for each
-- event the index of its record in KEYS, or 0
-- Reply, a list: for each channel the epoch, and for each event OFFSET-TAG, with '=' before it where it was there already, joined by spaces; or
-- 'unknown' where nothing was appended, for it cannot be told any more whether it was before

local channels, is_retry = tonumber(ARGV[7]), ARGV[5] ~= ''
local time = redis.call('TIME')
local stamp = ' ' .. time[1] .. ' ' .. time[2] .. ' '

-- What the records say, by key; all are read at once, for a call costs more than what it reads.
local records = {}
for from = 3 * channels + 1, #KEYS, 1000 do
  local to = math.min(from + 999, #KEYS)
  local values = redis.call('MGET', unpack(KEYS, from, to))
  for i = from, to do records[KEYS[i]] = values[i - from + 1] end
end

local function operation_of(body)
  return string.match(body, '^%["[^"]*","([^"]*)"')
end

-- What a record says where it is of this epoch.
local function recorded_id(said, epoch)
  if said and string.sub(said, 1, #epoch + 1) == epoch .. ' ' then return string.sub(said, #epoch + 2) end
end

local replies, arg = {}, 8
for channel = 1, channels do
  local key = 3 * channel - 2
  --- @include next-channel
  local first_record = arg + 3
  arg = first_record + count

  -- The ids that these events' operations have made, by operation, and whether those are all.
  local found, is_certain = {}, true
  if is_retry then
    local wanted = {}
    for i = 1, count do wanted[operation_of(bodies and bodies[i] or joined)] = true end
    found, is_certain = find_operations(entries, wanted, time, ARGV[5] + 0)
  end

  local reply
  if bodies then
    --- @include append-several-once
  else
    -- Most are alone. What has a record is known by that.
    local record, ids = KEYS[ARGV[first_record] + 0], nil
    local id = is_retry and found[operation_of(joined)] or record and recorded_id(records[record], epoch)
    if id then
      reply, count = epoch .. ' =' .. id, 0
    elseif record or is_certain then
      --- @include append-events
      reply = epoch .. ' ' .. last
      if record then
        records[record] = reply
        redis.call('SET', record, reply, 'PX', ARGV[6])
      end
    else
      reply, count = 'unknown', 0
    end
  end
  -- Something is written in any case, so that what waits for replicas waits for this.
  if count == 0 then redis.call('PEXPIRE', log, ARGV[3]) end
  replies[channel] = reply
end
return replies
