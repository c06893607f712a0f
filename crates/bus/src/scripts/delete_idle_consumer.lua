-- ARGV: consumer. Deletes it unless it holds entries, which would be lost with it. Returns 1 if it was deleted.
group()
for _, flat in ipairs(call('XINFO', 'CONSUMERS', jobs, GROUP)) do
  local row = row_of(flat)
  if row.name == ARGV[1] and row.pending == 0 then
    call('XGROUP', 'DELCONSUMER', jobs, GROUP, ARGV[1])
    return 1
  end
end
return 0
