-- ARGV: consumer, idle (ms). Its worker is gone: its entries become idle for this long, and without entries it is deleted.
-- Returns the number of entries.
group()
local entries = call('XPENDING', jobs, GROUP, '-', '+', BATCH, ARGV[1])
for _, entry in ipairs(entries) do
  call('XCLAIM', jobs, GROUP, ARGV[1], 0, entry[1], 'IDLE', ARGV[2], 'JUSTID')
end
if #entries == 0 then call('XGROUP', 'DELCONSUMER', jobs, GROUP, ARGV[1]) end
return #entries
