-- What every script that touches a log has in common; it is put before each of them.
--
-- A log is a hash with e (epoch), p (the last entry's id), x (until when, in seconds since 1970, times to live need not be moved), and, where it
-- is a document's, n (number of fields), b (bytes of their names and values) and a field f:NAME for each, "OFFSET VALUE"; where it is saved
-- elsewhere, w (the id at which it was last saved), r (its last revision) and c (until when it is claimed for saving, in ms since 1970). Its
-- entries are a stream: id OFFSET-TAG, and one field
-- whose name is "PREVIOUS_ID SECONDS MICROSECONDS " and whose value is HEAD, a line break and DATA. HEAD is JSON text,
-- ["EVENT","OPERATION",…]; neither it nor DATA holds line breaks, and values are never parsed here.
--
-- What is published is "EPOCH", "PREVIOUS_ID SECONDS MICROSECONDS TAG" and then HEAD and DATA of each entry, a line each; TAG is the first
-- entry's. Redis hashes every byte of every string that a script makes: what is sent in one piece is published as it came.

-- Times to live are moved so far beyond what is needed, in seconds, that it need not be done at every append.
local SLACK = 60
-- An entry is there for whoever tries again, in ms, however short the history is. Readers hold to the history.
local RETRY_WINDOW = 60000
-- Old entries are looked for once in so many appends, and so many are dropped, or twice as many as were appended.
local DROP_EVERY = 64
local DROP_AT_LEAST = 128
-- A stream is trimmed to its size at every so many entries: it costs about as much as the rest of an XADD.
local TRIM_EVERY = 16

-- Numbers become text by '%d': Lua's own way costs several times as much, and gives up digits.
local function text(number)
  return string.format('%d', number)
end

-- A log is born: answers its epoch, which is made of a random tag and of the time, and what stands for its last entry's id. Entries that were
-- left of an earlier life would make every append fail for ever, so they go.
local function begin_log(log, entries, random_tag, time)
  local epoch = string.format('%08x%08x', random_tag, (time[1] * 1000000 + time[2]) % 4294967296)
  redis.call('DEL', entries)
  redis.call('HSET', log, 'e', epoch, 'p', '0-0')
  return epoch, '0-0'
end

-- The log's epoch, its last entry's id, until when times to live stand, and its number of fields. Where there is none it is born.
local function open_log(log, entries, random_tag, time)
  local state = redis.call('HMGET', log, 'e', 'p', 'x', 'n')
  if state[1] then return state[1], state[2], state[3], state[4] and tonumber(state[4]) or 0 end
  local epoch, last = begin_log(log, entries, random_tag, time)
  return epoch, last, nil, 0
end

-- Moves the entries' time to live where that is due, and answers then until when it stands, which is x of their log.
local function move_expiry(entries, expiry, is_new_stream, time, ttl)
  if expiry and not is_new_stream and time[1] < expiry then return nil end
  redis.call('PEXPIRE', entries, text(math.max(ttl, RETRY_WINDOW) + SLACK * 1000))
  return text(time[1] + SLACK)
end

-- Writes down the log's new end, and moves times to live where that is due.
local function end_log(log, entries, last, expiry, is_new_stream, time, ttl, log_ttl)
  local moved = move_expiry(entries, expiry, is_new_stream, time, ttl)
  if not moved then
    redis.call('HSET', log, 'p', last)
    return
  end
  redis.call('HSET', log, 'p', last, 'x', moved)
  redis.call('PEXPIRE', log, log_ttl)
end

-- Appends an entry under an id. Answers true where the stream was not there: a new one has no time to live yet. Trimming by size is
-- approximate here, and exact for readers.
local function add_entry(entries, size, offset, id, name, body)
  local added
  if offset % TRIM_EVERY == 0 then
    added = redis.call('XADD', entries, 'NOMKSTREAM', 'MAXLEN', '~', size, id, name, body)
  else
    added = redis.call('XADD', entries, 'NOMKSTREAM', id, name, body)
  end
  if not added then redis.call('XADD', entries, id, name, body) end
  return not added
end

-- Drops some entries that are too old. The stream's own expiry clears what is idle.
local function drop_old(entries, appended, time, ttl)
  local function is_old(entry)
    return (time[1] - string.match(entry[2][1], ' (%d+)')) * 1000 > ttl + 0
  end
  local first = redis.call('XRANGE', entries, '-', '+', 'COUNT', 1)[1]
  if not first or not is_old(first) then return end
  local minimum
  for _, entry in ipairs(redis.call('XRANGE', entries, '-', '+', 'COUNT', math.max(DROP_AT_LEAST, 2 * appended))) do
    minimum = entry[1]
    if not is_old(entry) then break end
  end
  redis.call('XTRIM', entries, 'MINID', minimum)
end
