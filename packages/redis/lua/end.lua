-- The log's end. A log is born here where there is none; one that is asked for lives on.
--
-- KEYS[1] log  KEYS[2] entries
-- ARGV[1] a random tag, for a log that is born  [2] log ttl, ms
-- Reply: { epoch, OFFSET-TAG }

local log, entries, tag = KEYS[1], KEYS[2], ARGV[1]
--- @include open-log
if fields == 0 then redis.call('PEXPIRE', log, ARGV[2]) end
return { epoch, last }
