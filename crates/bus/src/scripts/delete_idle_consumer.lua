-- ARGV: consumer. Deletes a consumer that holds nothing; deleting one that does would lose what it holds.
group()
for _, flat in ipairs(c('XINFO', 'CONSUMERS', jobs, G)) do
  local row = {}
  for i = 1, #flat, 2 do row[flat[i]] = flat[i + 1] end
  if row.name == ARGV[1] and row.pending == 0 then
    c('XGROUP', 'DELCONSUMER', jobs, G, ARGV[1])
    return 1
  end
end
return 0
