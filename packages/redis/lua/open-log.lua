-- Included where a log is read or changed. Needs log, entries, a random tag and time; sets epoch, last (its last entry's id), and fields (how many it
-- has). Where there is none it is born.
local state = redis.call('HMGET', log, 'e', 'p', 'n')
local epoch, last, fields = state[1], state[2], tonumber(state[3] or '0')
if not epoch then
  --- @include begin-log
end
