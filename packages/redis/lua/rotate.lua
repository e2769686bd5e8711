-- Begins another epoch where the log is still in the given one. A document keeps its fields, whose versions are new too; its log
-- then starts after an entry that nobody has, so that no position from before the first patch passes for one.
--
-- KEYS[1] log  KEYS[2] entries
-- ARGV[1] the epoch that must be there  [2] the new one  [3] a tag  [4] log ttl, ms
-- Reply: { epoch, OFFSET-TAG } after it

local log, entries, tag, time = KEYS[1], KEYS[2], ARGV[3], redis.call('TIME')
--- @include open-log
if epoch ~= ARGV[1] then
  if fields == 0 then redis.call('PEXPIRE', log, ARGV[4]) end
  return { epoch, last }
end

redis.call('DEL', entries)
if fields == 0 then
  redis.call('HSET', log, 'e', ARGV[2], 'p', '0-0')
  redis.call('PEXPIRE', log, ARGV[4])
  return { ARGV[2], '0-0' }
end
local contents = redis.call('HGETALL', log)
for i = 1, #contents, 2 do
  if string.sub(contents[i], 1, 2) == 'f:' then
    redis.call('HSET', log, contents[i], (string.gsub(contents[i + 1], '^%d+', '1')))
  end
end
redis.call('HSET', log, 'e', ARGV[2], 'p', '1-' .. tag)
return { ARGV[2], '1-' .. tag }
