-- The server's clock, for scripts that look at it: once, for however many calls they are run for.

local time = redis.call('TIME')
