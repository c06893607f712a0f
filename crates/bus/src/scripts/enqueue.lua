-- ARGV: job, flow, front ('1' or '0'). Answers {added, rank}; rank is -1 when the job no longer waits.
-- With others already waiting, reads and settles pump: pumping here as well would only cost.
local added = 0
if not real(ARGV[1]) then
  remove(ARGV[1])
  place(ARGV[1], ARGV[2], ARGV[3])
  if c('ZCARD', backlog) == 1 then admit() end
  added = 1
end
return { added, c('ZRANK', backlog, ARGV[1]) or -1 }
