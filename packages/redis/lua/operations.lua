-- Put after log.lua, before scripts that recognise what they have done before.

-- A retry looks no further back than so many entries.
local RETRY_ENTRIES = 1000
local RETRY_PAGE = 50

-- The ids of the entries that operations have made before, by operation. Retries come soon: the search ends where entries are older than
-- they can be.
local function find_operations(entries, wanted, time)
  local found, last, seen = {}, '+', 0
  repeat
    local page = redis.call('XREVRANGE', entries, last, '-', 'COUNT', RETRY_PAGE)
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
