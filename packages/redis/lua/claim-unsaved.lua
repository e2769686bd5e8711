-- A document that has changed since it was saved, for whoever is going to save it: nobody else is given it for the length of the claim.
-- Its revision rises with every answer, over epochs too: by the clock, and by one where the clock has not moved or went back.
--
-- KEYS[1] log
-- ARGV[1] how long it is claimed, ms  [2] '1' to have it though somebody else has claimed it
-- Reply: {} where it is saved; { ms } for which somebody else has claimed it; { epoch, OFFSET-TAG, revision, name, value, … } as the hash has it

local state = redis.call('HMGET', KEYS[1], 'e', 'p', 'w', 'c', 'r')
if not state[1] or state[2] == '0-0' or state[2] == state[3] then return {} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[2] ~= '1' and state[4] and now < tonumber(state[4]) then
  return { string.format('%d', state[4] - now) }
end
local revision = string.format('%d', math.max((state[5] or 0) + 1, time[1] * 1000000 + time[2]))
redis.call('HSET', KEYS[1], 'r', revision, 'c', string.format('%d', now + ARGV[1]))
local reply = redis.call('HGETALL', KEYS[1])
table.insert(reply, 1, revision)
table.insert(reply, 1, state[2])
table.insert(reply, 1, state[1])
return reply
