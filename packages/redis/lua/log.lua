-- What every script that touches a log has in common; it is put before each of them.
--
-- A log is a hash with e (epoch), o (last offset), t (last tag), and, where it is a document's, n (number of fields) and a
-- field f:NAME for each, "OFFSET VALUE". Its entries are a stream: id OFFSET-TAG, one field v, "PREVTAG TIME HEAD\nDATA",
-- where HEAD is JSON text without line breaks. Values are never parsed here.

local function text(number)
  return string.format('%.0f', number)
end

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- The log's epoch, last offset, last tag and number of fields. Where there is none it is born: entries that were left of an
-- earlier life would make every append fail for ever, so they go.
local function open_log(log, entries, candidate)
  local state = redis.call('HMGET', log, 'e', 'o', 't', 'n')
  if state[1] then
    return state[1], tonumber(state[2]), state[3], tonumber(state[4] or '0')
  end
  redis.call('DEL', entries)
  redis.call('HSET', log, 'e', candidate, 'o', '0', 't', '0')
  return candidate, 0, '0', 0
end

-- Entries of operations that may have been made before, by operation id. Only a retry asks: it comes soon, so it looks no
-- further back than so many entries.
local function find_operations(entries, operations)
  local found = {}
  for _, entry in ipairs(redis.call('XREVRANGE', entries, '+', '-', 'COUNT', '1000')) do
    local head = string.match(entry[2][2], '^[^\n]*')
    for _, operation in ipairs(operations) do
      if string.find(head, '"' .. operation .. '"', 1, true) then found[operation] = entry[1] end
    end
  end
  return found
end

-- Appends an entry after (offset, tag); answers its text. Trimming by size is approximate here, and exact for readers.
local function add_entry(entries, size, offset, tag, previous_tag, time, head, data)
  local value = previous_tag .. ' ' .. time .. ' ' .. head .. '\n' .. data
  redis.call('XADD', entries, 'MAXLEN', '~', size, text(offset) .. '-' .. tag, 'v', value)
  return text(offset) .. ' ' .. tag .. ' ' .. value
end

-- Drops a bounded number of entries that are too old. The stream's own expiry clears what is idle.
local function drop_old(entries, oldest)
  local minimum
  for _, entry in ipairs(redis.call('XRANGE', entries, '-', '+', 'COUNT', '128')) do
    minimum = entry[1]
    if tonumber(string.match(entry[2][2], '^%d+ (%d+)')) >= oldest then break end
  end
  if minimum then redis.call('XTRIM', entries, 'MINID', minimum) end
end

-- Old entries are looked for once in so many appends.
local DROP_EVERY = 64
