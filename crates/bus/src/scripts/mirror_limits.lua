-- ARGV: cap, paused, target, version. Stores the limits unless the same or newer ones are held, then admits. Concurrent
-- changes can arrive in any order; the newest remains.
if call('EXISTS', limits) == 0 or limit('version') < tonumber(ARGV[4]) then
  call('HSET', limits, 'cap', ARGV[1], 'paused', ARGV[2], 'target', ARGV[3], 'version', ARGV[4])
end
return admit()
