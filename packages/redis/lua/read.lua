-- The log's end, and the entries after an offset. A log is born here where there is none; one that is asked for lives on.
--
-- KEYS[1] log  KEYS[2] entries
-- ARGV[1] a random tag, for a log that is born  [2] log ttl, ms  [3] offset  [4] most entries
-- Reply: { seconds, microseconds, epoch, OFFSET-TAG, id, name, body, id, name, body, … }

local time = redis.call('TIME')
local log, entries, tag = KEYS[1], KEYS[2], ARGV[1]
--- @include open-log
if fields == 0 then redis.call('PEXPIRE', log, ARGV[2]) end
local reply = { time[1], time[2], epoch, last }
if tonumber(ARGV[3]) < tonumber(string.match(last, '^%d+')) then
  local after = '(' .. ARGV[3] .. '-18446744073709551615'
  for _, entry in ipairs(redis.call('XRANGE', entries, after, '+', 'COUNT', ARGV[4])) do
    reply[#reply + 1] = entry[1]
    reply[#reply + 1] = entry[2][1]
    reply[#reply + 1] = entry[2][2]
  end
end
return reply
