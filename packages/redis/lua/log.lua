-- What every script that touches a log has in common; it is put before each of them.
--
-- A log is a hash with e (epoch), p (the last entry's id), x (until when, in seconds since 1970, times to live need not be moved), and, where it
-- is a document's, n (number of fields), b (bytes of their names and values) and a field f:NAME for each, "OFFSET VALUE"; where it is saved
-- elsewhere, w (the id at which it was last saved), r (its last revision) and c (until when it is claimed for saving, in ms since 1970). Its
-- entries are a stream: id OFFSET-TAG, and one field
-- whose name is "PREVIOUS_ID SECONDS MICROSECONDS " and whose value is HEAD, a line break and DATA. HEAD is JSON text,
-- ["EVENT","OPERATION",…]; neither it nor DATA holds line breaks, and values are never parsed here.
--
-- What is published is "EPOCH", "PREVIOUS_ID SECONDS MICROSECONDS TAG" and then HEAD and DATA of each entry, a line each; TAG is the first
-- entry's. Redis hashes every byte of every string that a script makes: what is sent in one piece is published as it came.

-- Times to live are moved so far beyond what is needed, in seconds, that it need not be done at every append.
local SLACK = 60
-- An entry is there for whoever tries again, in ms, however short the history is. Readers hold to the history.
local RETRY_WINDOW = 60000
-- Old entries are looked for once in so many appends, and so many are dropped, or twice as many as were appended.
local DROP_EVERY = 64
local DROP_AT_LEAST = 128
-- A stream is trimmed to its size at every so many entries: it costs about as much as the rest of an XADD.
local TRIM_EVERY = 16

-- Scripts are put together of parts, and most parts are no functions: each time that a script runs, each of its functions would be allocated, and
-- once more what it refers to outside of itself. So a part is included where it is needed, and says which locals it uses and sets.
--
-- Numbers become text by string.format('%d'): Lua's own way costs several times as much, and gives up digits.
