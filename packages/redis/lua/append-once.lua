-- As append.lua, of events that may have been appended before: those are left out.
--
-- KEYS for each channel: log, entries, pub/sub channel; after all of these, records of idempotency keys, "EPOCH OFFSET-TAG"
-- ARGV[1..4] as in append-events.lua  [5] '1' where their operations may have appended them  [6] how long a record is kept, ms
-- [7] number of channels  [8..] for each channel: number of events, the first's tag, BODY of each, with line breaks between them, and for each
-- event the index of its record in KEYS, or 0
-- Reply, a list: for each channel the epoch, and for each event OFFSET-TAG, with '=' before it where it was there already, joined by spaces

local channels, is_retry = tonumber(ARGV[7]), ARGV[5] == '1'
local time = redis.call('TIME')
local stamp = ' ' .. time[1] .. ' ' .. time[2] .. ' '

-- What the records say, by key; all are read at once, for a call costs more than what it reads.
local records = {}
for from = 3 * channels + 1, #KEYS, 1000 do
  local to = math.min(from + 999, #KEYS)
  local values = redis.call('MGET', unpack(KEYS, from, to))
  for i = from, to do records[KEYS[i]] = values[i - from + 1] end
end

local function operations_of(bodies)
  local operations = {}
  for i = 1, #bodies do operations[i] = string.match(bodies[i], '^%["[^"]*","([^"]*)"') end
  return operations
end

-- Which operations of these the entries are of, by operation.
local function found_of(entries, operations)
  local wanted = {}
  for i = 1, #operations do wanted[operations[i]] = true end
  return find_operations(entries, wanted, time)
end

local function append_once(key, first_arg)
  local tag, joined = ARGV[first_arg + 1], ARGV[first_arg + 2]
  local epoch, last, expiry = open_log(KEYS[key], KEYS[key + 1], tag, time)
  local bodies = split(joined, ARGV[first_arg])
  local count = #bodies
  local operations = is_retry and operations_of(bodies) or {}
  local found = is_retry and found_of(KEYS[key + 1], operations) or {}
  local here = '^' .. epoch .. ' (%S+)$'
  -- For each event, what is answered; for one that is new, its place among the new ones, which its key and its operation stand for.
  local answers, places, repeated, fresh, place_of, to_record = {}, {}, {}, {}, {}, {}
  for i = 1, count do
    local record, operation = KEYS[tonumber(ARGV[first_arg + 2 + i])], operations[i] or ''
    local said = record and records[record]
    local id = found[operation] or said and string.match(said, here)
    if id then
      answers[i] = '=' .. id
    else
      places[i] = place_of[record or ''] or place_of[operation]
      repeated[i] = places[i]
      if not places[i] then
        fresh[#fresh + 1] = bodies[i]
        places[i] = #fresh
        if record then place_of[record], to_record[record] = #fresh, #fresh end
        if is_retry then place_of[operation] = #fresh end
      end
    end
  end

  if #fresh > 0 then
    local text = #fresh == count and joined or table.concat(fresh, '\n')
    local ids = {}
    append_events(key, epoch, last, expiry, time, stamp, tag, fresh, text, ids)
    for i, place in pairs(places) do answers[i] = (repeated[i] and '=' or '') .. ids[place] end
    for record, place in pairs(to_record) do
      records[record] = epoch .. ' ' .. ids[place]
      redis.call('SET', record, records[record], 'PX', ARGV[6])
    end
  else
    -- Something is written, so that what waits for replicas waits for this.
    redis.call('PEXPIRE', KEYS[key], ARGV[3])
  end
  return epoch .. ' ' .. table.concat(answers, ' '), first_arg + 3 + count
end

local replies, arg = {}, 8
for channel = 1, channels do
  replies[channel], arg = append_once(3 * channel - 2, arg)
end
return replies
