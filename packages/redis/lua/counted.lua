-- What was counted under a key, and for how long it still counts.
--
-- KEYS[1] count, of which a window is the time to live
-- Reply: { points, ms }; { 0, 0 } where nothing was, or the window is over

local left = redis.call('PTTL', KEYS[1])
if left <= 0 then return { 0, 0 } end
return { redis.call('GET', KEYS[1]), left }
