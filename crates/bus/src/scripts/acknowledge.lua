-- ARGV: entry, consumer, channel, payload ('' for none). Acknowledges and deletes the entry if the consumer holds it, or if
-- nobody does (Redis lost the group or the consumer). Returns 1 if it did.
-- Publishes the payload in any case: it is the job's committed state, which does not depend on who holds the entry.
local acknowledged = 0
group()
local holder = holder_of(ARGV[1])
if holder == ARGV[2] or (not holder and #call('XRANGE', jobs, ARGV[1], ARGV[1]) == 1) then
  drop(ARGV[1])
  admit()
  acknowledged = 1
end
if ARGV[4] ~= '' then call('PUBLISH', ARGV[3], ARGV[4]) end
return acknowledged
