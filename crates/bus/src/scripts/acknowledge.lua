-- ARGV: entry, consumer, channel, payload ('' for none). Answers 1 when the entry was the consumer's, or nobody's (the
-- server lost the group or the consumer), and is gone now.
-- The payload is the job's committed state: true whoever holds the entry, so it is published in any case.
local settled = 0
group()
local holder = owner(ARGV[1])
if holder == ARGV[2] or (not holder and #c('XRANGE', jobs, ARGV[1], ARGV[1]) == 1) then
  drop(ARGV[1])
  admit()
  settled = 1
end
if ARGV[4] ~= '' then c('PUBLISH', ARGV[3], ARGV[4]) end
return settled
