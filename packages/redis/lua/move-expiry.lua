-- Included where the entries' time to live is due to be moved. Needs entries, time and ttl; sets expiry: until when it stands, which is x of their log.
redis.call('PEXPIRE', entries, string.format('%d', math.max(ttl, RETRY_WINDOW) + SLACK * 1000))
expiry = string.format('%d', time[1] + SLACK)
