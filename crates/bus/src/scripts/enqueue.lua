-- ARGV: channel ('' to publish nothing), then for each job: job, flow, front ('1' or '0'), and the job's event in three parts,
-- between which its position in the backlog belongs. Returns for each job 1 if added, else 0; and its rank in the backlog, or -1
-- if the job is not in it.
-- Admits only if no other job waits; otherwise reading and acknowledging entries admit, and doing it here would only cost.
local results = {}
for i = 2, #ARGV, 6 do
  local job, flow, front, header, before_position, after_position = unpack(ARGV, i, i + 5)
  local added = 0
  if not is_present(job) then
    remove(job)
    add_to_backlog(job, flow, front)
    if call('ZCARD', backlog) == 1 then admit() end
    added = 1
  end
  local rank = call('ZRANK', backlog, job) or -1
  if ARGV[1] ~= '' then
    local position = rank >= 0 and tostring(rank + 1)
    call('PUBLISH', ARGV[1], header .. (position or '') .. before_position .. (position or 'null') .. after_position)
  end
  table.insert(results, added)
  table.insert(results, rank)
end
return results
