-- Shared by all scripts; each is appended to it. KEYS: jobs, backlog, tags, clock, where, limits, places, used.
local jobs, backlog, tags, clock_key, where, limits, places, used = unpack(KEYS)
local call = redis.call
local GROUP = 'processors'
local BATCH = 200

local function limit(field) return tonumber(call('HGET', limits, field) or '0') end
local function clock() return tonumber(call('GET', clock_key) or '0') end

-- Splits a value of `where`: location|flow; the location is 'b' for the backlog, or an entry's id.
local function split(value) return string.match(value, '^([^|]*)|(.*)$') end

-- Turns a flat reply of XINFO (name, value, name, value, …) into a table.
local function row_of(flat)
  local row = {}
  for i = 1, #flat, 2 do row[flat[i]] = flat[i + 1] end
  return row
end

-- The group's row of XINFO GROUPS. Creates the stream and the group if they are missing, reading from the beginning.
local function group()
  if call('EXISTS', jobs) == 1 then
    for _, flat in ipairs(call('XINFO', 'GROUPS', jobs)) do
      local row = row_of(flat)
      if row.name == GROUP then return row end
    end
  end
  call('XGROUP', 'CREATE', jobs, GROUP, '0', 'MKSTREAM')
  return { ['last-delivered-id'] = '0-0' }
end

-- Whether entry id a precedes entry id b.
local function before(a, b)
  local a_ms, a_seq = string.match(a, '(%d+)-(%d+)')
  local b_ms, b_seq = string.match(b, '(%d+)-(%d+)')
  a_ms, a_seq, b_ms, b_seq = tonumber(a_ms), tonumber(a_seq), tonumber(b_ms), tonumber(b_seq)
  return a_ms < b_ms or (a_ms == b_ms and a_seq < b_seq)
end

-- Adds a job to the backlog: with the next tag of its flow, or with tag 0, ahead of all others.
local function add_to_backlog(job, flow, front)
  local tag = 0
  if front ~= '1' then
    tag = math.max(clock(), tonumber(call('ZSCORE', tags, flow) or '0')) + 1
    call('ZADD', tags, tag, flow)
  end
  call('ZADD', backlog, tag, job)
  call('HSET', where, job, 'b|' .. flow)
end

-- Moves jobs from the backlog to the stream while the limits allow it; returns how many. Without limits, moves none.
local function admit()
  if call('EXISTS', limits) == 0 or limit('paused') == 1 then return 0 end
  local delivered = group()['last-delivered-id']
  local target, cap = limit('target'), limit('cap')
  local undelivered = #call('XRANGE', jobs, '(' .. delivered, '+', 'COUNT', target)
  local length, admitted = call('XLEN', jobs), 0
  while admitted < BATCH and undelivered < target and (cap == 0 or length < cap) do
    local top = call('ZPOPMIN', backlog)
    if #top == 0 then break end
    local value = call('HGET', where, top[1])
    if value then
      local _, flow = split(value)
      if tonumber(top[2]) > clock() then call('SET', clock_key, top[2]) end
      local id = call('XADD', jobs, '*', 'job', top[1], 'flow', flow)
      call('HSET', where, top[1], id .. '|' .. flow)
      undelivered, length, admitted = undelivered + 1, length + 1, admitted + 1
    end
  end
  -- Tags that the clock has passed no longer matter.
  if admitted > 0 then call('ZREMRANGEBYSCORE', tags, '-inf', clock()) end
  return admitted
end

-- Gives back the place that a job has at an upstream, if it has one.
local function free_place(job)
  local upstream = call('HGET', places, job)
  if not upstream then return end
  call('HDEL', places, job)
  if call('HINCRBY', used, upstream, -1) <= 0 then call('HDEL', used, upstream) end
end

-- Deletes an entry from the stream, and its job from `where` and `places` if `where` names this very entry.
local function drop(id)
  local entry = call('XRANGE', jobs, id, id)[1]
  call('XACK', jobs, GROUP, id)
  call('XDEL', jobs, id)
  if not entry then return end
  local job, flow = entry[2][2], entry[2][4]
  if call('HGET', where, job) == id .. '|' .. flow then
    call('HDEL', where, job)
    free_place(job)
  end
end

-- Removes a job from wherever it is. A job in the backlog returns its tag to its flow.
local function remove(job)
  local value = call('HGET', where, job)
  if not value then return end
  local location, flow = split(value)
  if location == 'b' then
    local tag = tonumber(call('ZSCORE', backlog, job) or '0')
    call('ZREM', backlog, job)
    local last = tonumber(call('ZSCORE', tags, flow) or '0')
    if tag > 0 and last > clock() then call('ZINCRBY', tags, -1, flow) end
  else
    group()
    drop(location)
  end
  call('HDEL', where, job)
  free_place(job)
end

-- The consumer that holds an entry, or nil.
local function holder_of(id)
  local pending = call('XPENDING', jobs, GROUP, id, id, 1)[1]
  return pending and pending[2]
end

-- Whether the job is where `where` says: in the backlog, held by a consumer, or admitted and not yet delivered.
local function is_present(job)
  local value = call('HGET', where, job)
  if not value then return false end
  local location = split(value)
  if location == 'b' then return call('ZSCORE', backlog, job) end
  local delivered = group()['last-delivered-id']
  if #call('XRANGE', jobs, location, location) == 0 then return false end
  return holder_of(location) or before(delivered, location)
end
