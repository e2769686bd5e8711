-- Notes how many of something a node holds, and says what every node does.
--
-- KEYS[1] held: a hash of node to number
-- ARGV[1] node  [2] how many it holds; 0: none  [3] how long the key is kept after this, ms
-- Reply: { node, number, node, number … }

if ARGV[2] == '0' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return redis.call('HGETALL', KEYS[1])
