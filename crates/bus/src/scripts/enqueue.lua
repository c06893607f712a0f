-- ARGV: job, flow, front ('1' or '0'), channel ('' to publish nothing), and the job's event in three parts, between which its
-- position in the backlog belongs. Returns {1 if added, else 0; rank in the backlog, or -1 if the job is not in it}.
-- Admits only if no other job waits; otherwise reading and acknowledging entries admit, and doing it here would only cost.
local added = 0
if not is_present(ARGV[1]) then
  remove(ARGV[1])
  add_to_backlog(ARGV[1], ARGV[2], ARGV[3])
  if call('ZCARD', backlog) == 1 then admit() end
  added = 1
end
local rank = call('ZRANK', backlog, ARGV[1]) or -1
if ARGV[4] ~= '' then
  local position = rank >= 0 and tostring(rank + 1)
  call('PUBLISH', ARGV[4], ARGV[5] .. (position or '') .. ARGV[6] .. (position or 'null') .. ARGV[7])
end
return { added, rank }
