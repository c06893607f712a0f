-- ARGV: job. Takes it out of backlog or stream; the place it frees is filled at once.
forget(ARGV[1])
pump()
return 1
