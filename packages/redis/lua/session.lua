-- What the scripts that write sessions have in common; it is put before each of them.

-- Whether a hash holds the fields and values that ARGV has from an index on.
local function holds(key, from)
  for i = from, #ARGV, 2 do
    if redis.call('HGET', key, ARGV[i]) ~= ARGV[i + 1] then return false end
  end
  return true
end
