-- ARGV: entry, consumer, channel, payload ('' for none). Answers 1 when the entry was the consumer's and is gone.
-- The payload is the job's committed state: true whoever holds the entry, so it is published in any case.
local settled = 0
group()
if owner(ARGV[1]) == ARGV[2] then
  drop(ARGV[1])
  pump()
  settled = 1
end
if ARGV[4] ~= '' then c('PUBLISH', ARGV[3], ARGV[4]) end
return settled
