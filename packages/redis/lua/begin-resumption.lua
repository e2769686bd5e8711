-- Begins a chain of resume tokens.
--
-- KEYS[1] chain, a hash: see resume.lua
-- ARGV[1] when it vanishes, ms since 1970  [2] sid  [3] the session's secretHash  [4] the first token's hash
-- Reply: nothing of interest

redis.call('HSET', KEYS[1], 'sid', ARGV[2], 'secretHash', ARGV[3], 'successors', ARGV[4])
return redis.call('PEXPIREAT', KEYS[1], ARGV[1])
