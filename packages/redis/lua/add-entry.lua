-- Included where an entry is appended. Needs entries, size, offset, and its id, name and body; sets is_new_stream where the stream was not there: a
-- new one has no time to live yet. Trimming by size is approximate here, and exact for readers.
local added
if offset % TRIM_EVERY == 0 then
  added = redis.call('XADD', entries, 'NOMKSTREAM', 'MAXLEN', '~', size, id, name, body)
else
  added = redis.call('XADD', entries, 'NOMKSTREAM', id, name, body)
end
if not added then
  redis.call('XADD', entries, id, name, body)
  is_new_stream = true
end
