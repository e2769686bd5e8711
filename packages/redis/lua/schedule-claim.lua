-- The ids whose time has come, the longest due first; none of them is due again before the claim is over.
--
-- KEYS[1] schedule
-- ARGV[1] most ids  [2] how long they are claimed, ms
-- Reply: { until when they are claimed, id, id, … }

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local until_ms = string.format('%d', now + ARGV[2])
local reply = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%d', now), 'LIMIT', 0, ARGV[1])
for _, id in ipairs(reply) do redis.call('ZADD', KEYS[1], until_ms, id) end
table.insert(reply, 1, until_ms)
return reply
