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

-- The ids that these events' operations have made, by operation, and whether those are all.
local function found_of(entries, bodies)
  if not is_retry then return {}, true end
  local wanted = {}
  for i = 1, #bodies do wanted[operation_of(bodies[i])] = true end
  return find_operations(entries, wanted, time, ARGV[5] + 0)
end

local function record_of(first_arg, i)
  local index = ARGV[first_arg + 2 + i]
  return index ~= '0' and KEYS[tonumber(index)] or nil
end

-- The id that an event has already: its operation's, or what its record says of this epoch.
local function known_id(epoch, record, operation, found)
  if operation and found[operation] then return found[operation] end
  local said = record and records[record]
  if not said or string.sub(said, 1, #epoch + 1) ~= epoch .. ' ' then return nil end
  return string.sub(said, #epoch + 2)
end

local function take_down(record, epoch, id)
  records[record] = epoch .. ' ' .. id
  redis.call('SET', record, records[record], 'PX', ARGV[6])
end

-- As `append_several`, of one event: most are alone. What has a record is known by that.
local function append_one(key, first_arg, epoch, last, expiry, tag, body)
  local record, bodies = record_of(first_arg, 1), { body }
  local found, is_certain = found_of(KEYS[key + 1], bodies)
  local id = known_id(epoch, record, is_retry and operation_of(body), found)
  if id then return '=' .. id, false end
  if not record and not is_certain then return nil, false end
  id = append_events(key, epoch, last, expiry, time, stamp, tag, bodies, body)
  if record then take_down(record, epoch, id) end
  return id, true
end

-- Answers what is said of the events, nil where that cannot be told, and whether there were new ones.
local function append_several(key, first_arg, epoch, last, expiry, tag, joined)
  local bodies = split(joined, ARGV[first_arg])
  local found, is_certain = found_of(KEYS[key + 1], bodies)
  -- For each event, what is answered; for one that is new, its place among the new ones, which its key and its operation stand for.
  local answers, places, repeated, fresh, place_of, to_record = {}, {}, {}, {}, {}, {}
  for i = 1, #bodies do
    local record, operation = record_of(first_arg, i), is_retry and operation_of(bodies[i])
    local id = known_id(epoch, record, operation, found)
    if id then
      answers[i] = '=' .. id
    elseif not record and not is_certain then
      return nil, false
    else
      places[i] = record and place_of[record] or operation and place_of[operation]
      repeated[i] = places[i]
      if not places[i] then
        fresh[#fresh + 1] = bodies[i]
        places[i] = #fresh
        if record then place_of[record], to_record[record] = #fresh, #fresh end
        if operation then place_of[operation] = #fresh end
      end
    end
  end
  if #fresh > 0 then
    local text, ids = #fresh == #bodies and joined or table.concat(fresh, '\n'), {}
    append_events(key, epoch, last, expiry, time, stamp, tag, fresh, text, ids)
    for i, place in pairs(places) do answers[i] = (repeated[i] and '=' or '') .. ids[place] end
    for record, place in pairs(to_record) do take_down(record, epoch, ids[place]) end
  end
  return table.concat(answers, ' '), #fresh > 0
end

local replies, arg = {}, 8
for channel = 1, channels do
  local key, tag, joined = 3 * channel - 2, ARGV[arg + 1], ARGV[arg + 2]
  local epoch, last, expiry = open_log(KEYS[key], KEYS[key + 1], tag, time)
  local append = ARGV[arg] == '1' and append_one or append_several
  local answer, is_new = append(key, arg, epoch, last, expiry, tag, joined)
  -- Something is written in any case, so that what waits for replicas waits for this.
  if not is_new then redis.call('PEXPIRE', KEYS[key], ARGV[3]) end
  replies[channel] = answer and epoch .. ' ' .. answer or 'unknown'
  arg = arg + 3 + ARGV[arg]
end
return replies
