-- Appends new events to channels, to each in order, and publishes them, in one step: otherwise a replay could skip some. Where it fails with
-- one channel it ends: those before it have theirs.
--
-- KEYS for each channel: log, entries, pub/sub channel
-- ARGV[1..4] as in append-events.lua  [5..] for each channel: number of events, the first's tag, and BODY of each, with line breaks between them
-- Reply, a list: for each channel "EPOCH OFFSET-TAG", the last event's

local time = redis.call('TIME')
local stamp = ' ' .. time[1] .. ' ' .. time[2] .. ' '
local replies, arg, ids = {}, 5, nil
for key = 1, #KEYS, 3 do
  --- @include next-channel
  --- @include append-events
  replies[#replies + 1] = epoch .. ' ' .. last
  arg = arg + 3
end
return replies
