-- Writes down at which position a document was saved, where it still is in the same epoch.
--
-- KEYS[1] log
-- ARGV[1] epoch  [2] OFFSET-TAG
-- Reply: 1, or 0 where it is in another epoch

if redis.call('HGET', KEYS[1], 'e') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'w', ARGV[2])
return 1
