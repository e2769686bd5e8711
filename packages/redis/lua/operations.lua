-- Put after log.lua, before scripts that recognise what they have done before.

-- A retry looks no further back than so many entries.
local RETRY_ENTRIES = 1000
local RETRY_PAGE = 50

-- The ids of the entries that operations have made before, by operation, and whether the others have certainly made none in the last
-- `since` ms: not where entries of that time were trimmed, or are too many to be looked at. Retries come soon: the search ends where entries
-- are older than they can be.
local function find_operations(entries, wanted, time, since)
  local found, last, seen, oldest, page = {}, '+', 0, nil, nil
  local function age()
    local seconds, microseconds = string.match(oldest[2][1], ' (%d+) (%d+)')
    return (time[1] - seconds) * 1000 + (time[2] - microseconds) / 1000
  end
  repeat
    page = redis.call('XREVRANGE', entries, last, '-', 'COUNT', RETRY_PAGE)
    for _, entry in ipairs(page) do
      oldest = entry
      local operation = string.match(entry[2][2], '^%["[^"]*","([^"]*)"')
      if wanted[operation] then found[operation] = entry[1] end
      if age() > RETRY_WINDOW then return found, age() >= since end
    end
    seen = seen + #page
    last = #page > 0 and '(' .. page[#page][1]
  until #page < RETRY_PAGE or seen >= RETRY_ENTRIES
  if not oldest or age() >= since then return found, true end
  -- All there are, from the log's first on.
  return found, #page < RETRY_PAGE and string.find(oldest[2][1], '^0%-') ~= nil
end
