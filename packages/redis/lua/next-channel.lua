-- Included for each channel of a call that appends. Needs key and arg (where its KEYS and ARGV begin: log, entries, live; number of events, the
-- first's tag, their bodies) and time; sets log, entries, live, count, tag, joined and, of several events, bodies; then epoch, last (its last entry's
-- id) and expiry of its log, which is born where there is none.
local log, entries, live = KEYS[key], KEYS[key + 1], KEYS[key + 2]
local count, tag, joined, bodies = ARGV[arg] + 0, ARGV[arg + 1], ARGV[arg + 2], nil
local state = redis.call('HMGET', log, 'e', 'p', 'x')
local epoch, last, expiry = state[1], state[2], state[3]
if not epoch then
  --- @include begin-log
end
if count > 1 then
  --- @include split
end
