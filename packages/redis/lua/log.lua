-- What every script that touches a log has in common; it is put before each of them.
--
-- A log is a hash with e (epoch), p (the last entry's id), x (until when, in seconds since 1970, times to live need not be moved), and, where it
-- is a document's, n (number of fields), b (bytes of their names and values) and a field f:NAME for each, "OFFSET VALUE"; where it is saved
-- elsewhere, w (the id at which it was last saved), r (its last revision) and c (until when it is claimed for saving, in ms since 1970). Its
-- entries are a stream: id OFFSET-TAG, and one field
-- whose name is "PREVIOUS_ID SECONDS MICROSECONDS " and whose value is HEAD, a line break and DATA. HEAD is JSON text,
-- ["EVENT","OPERATION",…]; neither it nor DATA holds line breaks, and values are never parsed here.

-- Times to live are moved so far beyond what is needed, in seconds, that it need not be done at every append.
local SLACK = 60
-- An entry is there for whoever tries again, in ms, however short the history is. Readers hold to the history.
local RETRY_WINDOW = 60000
-- A retry looks no further back than so many entries.
local RETRY_ENTRIES = 1000
local RETRY_PAGE = 50

-- Numbers become text by '%d': Lua's own way costs several times as much, and gives up digits.
local function text(number)
  return string.format('%d', number)
end

-- The log's epoch, its last entry's id, until when times to live stand, and its number of fields. Where there is none it is born, with
-- an epoch that is made of a random tag and of the time: entries that were left of an earlier life would make every append fail for
-- ever, so they go.
local function open_log(random_tag, time)
  local state = redis.call('HMGET', KEYS[1], 'e', 'p', 'x', 'n')
  if state[1] then return state[1], state[2], state[3], tonumber(state[4] or '0') end
  local epoch = string.format('%08x%08x', random_tag, (time[1] * 1000000 + time[2]) % 4294967296)
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'e', epoch, 'p', '0-0')
  return epoch, '0-0', nil, 0
end

-- Writes down the log's new end, and moves times to live where that is due: a document's log has none.
local function end_log(last, expiry, is_new_stream, time, ttl, log_ttl, is_document)
  if expiry and not is_new_stream and time[1] < expiry then
    redis.call('HSET', KEYS[1], 'p', last)
    return
  end
  redis.call('HSET', KEYS[1], 'p', last, 'x', text(time[1] + SLACK))
  redis.call('PEXPIRE', KEYS[2], text(math.max(ttl, RETRY_WINDOW) + SLACK * 1000))
  if not is_document then redis.call('PEXPIRE', KEYS[1], log_ttl) end
end

-- Appends an entry after the last one. Answers its id, the text that is published of it but for its body, and true where the
-- stream was not there: a new one has no time to live yet. Trimming by size is approximate here, and exact for readers.
local function add_entry(size, last, tag, time, body)
  local id = text(string.match(last, '^%d+') + 1) .. '-' .. tag
  local name = last .. ' ' .. time[1] .. ' ' .. time[2] .. ' '
  if redis.call('XADD', KEYS[2], 'NOMKSTREAM', 'MAXLEN', '~', size, id, name, body) then return id, name, false end
  redis.call('XADD', KEYS[2], id, name, body)
  return id, name, true
end

-- The ids of the entries that operations have made before, by operation. Retries come soon: the search ends where entries are older than
-- they can be.
local function find_operations(wanted, time)
  local found, last, seen = {}, '+', 0
  repeat
    local page = redis.call('XREVRANGE', KEYS[2], last, '-', 'COUNT', RETRY_PAGE)
    for _, entry in ipairs(page) do
      local operation = string.match(entry[2][2], '^%["[^"]*","([^"]*)"')
      if wanted[operation] then found[operation] = entry[1] end
      if (time[1] - string.match(entry[2][1], ' (%d+)')) * 1000 > RETRY_WINDOW then return found end
    end
    seen = seen + #page
    last = #page > 0 and '(' .. page[#page][1]
  until #page < RETRY_PAGE or seen >= RETRY_ENTRIES
  return found
end

-- Drops at most so many entries that are too old. The stream's own expiry clears what is idle.
local function drop_old(count, time, ttl)
  local function is_old(entry)
    return (time[1] - string.match(entry[2][1], ' (%d+)')) * 1000 > ttl + 0
  end
  local first = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
  if not first or not is_old(first) then return end
  local minimum
  for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', count)) do
    minimum = entry[1]
    if not is_old(entry) then break end
  end
  redis.call('XTRIM', KEYS[2], 'MINID', minimum)
end
