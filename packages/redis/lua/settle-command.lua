-- Stores the reply of a claimed command; what nobody has claimed, and what is settled, stays as it is.
--
-- KEYS[1] record, see claim-command.lua
-- ARGV[1] reply
-- Reply: nothing of interest

local record = redis.call('GET', KEYS[1])
if record and not string.find(record, '\n', 1, true) then
  redis.call('SET', KEYS[1], record .. '\n' .. ARGV[1], 'KEEPTTL')
end
return 1
