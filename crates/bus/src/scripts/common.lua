-- Shared by all scripts, which are appended to it. KEYS: jobs, backlog, tags, clock, where, limits.
local jobs, backlog, tags, clockk, where, limits = unpack(KEYS)
local c = redis.call
local G = 'processors'
local BATCH = 200

local function limit(field) return tonumber(c('HGET', limits, field) or '0') end
local function clock() return tonumber(c('GET', clockk) or '0') end

-- A value of `where`: place|flow; place is 'b' for the backlog, or an entry's id.
local function split(value) return string.match(value, '^([^|]*)|(.*)$') end

-- The group's row of XINFO as a table; makes stream and group where they are missing, from the stream's beginning.
local function group()
  if c('EXISTS', jobs) == 1 then
    for _, flat in ipairs(c('XINFO', 'GROUPS', jobs)) do
      local row = {}
      for i = 1, #flat, 2 do row[flat[i]] = flat[i + 1] end
      if row.name == G then return row end
    end
  end
  c('XGROUP', 'CREATE', jobs, G, '0', 'MKSTREAM')
  return { ['last-delivered-id'] = '0-0' }
end

local function before(a, b)
  local am, as = string.match(a, '(%d+)-(%d+)')
  local bm, bs = string.match(b, '(%d+)-(%d+)')
  am, as, bm, bs = tonumber(am), tonumber(as), tonumber(bm), tonumber(bs)
  return am < bm or (am == bm and as < bs)
end

local function place(job, flow, front)
  local tag = 0
  if front ~= '1' then
    tag = math.max(clock(), tonumber(c('ZSCORE', tags, flow) or '0')) + 1
    c('ZADD', tags, tag, flow)
  end
  c('ZADD', backlog, tag, job)
  c('HSET', where, job, 'b|' .. flow)
end

-- Admits waiting jobs to the stream while the limits allow; answers how many. No limits known: admits nothing.
local function admit()
  if c('EXISTS', limits) == 0 or limit('paused') == 1 then return 0 end
  local delivered = group()['last-delivered-id']
  local target, cap = limit('target'), limit('cap')
  local ready = #c('XRANGE', jobs, '(' .. delivered, '+', 'COUNT', target)
  local length, moved = c('XLEN', jobs), 0
  while moved < BATCH and ready < target and (cap == 0 or length < cap) do
    local top = c('ZPOPMIN', backlog)
    if #top == 0 then break end
    local value = c('HGET', where, top[1])
    if value then
      local _, flow = split(value)
      if tonumber(top[2]) > clock() then c('SET', clockk, top[2]) end
      local id = c('XADD', jobs, '*', 'job', top[1], 'flow', flow)
      c('HSET', where, top[1], id .. '|' .. flow)
      ready, length, moved = ready + 1, length + 1, moved + 1
    end
  end
  if moved > 0 then c('ZREMRANGEBYSCORE', tags, '-inf', clock()) end
  return moved
end

-- Takes an entry out of the stream for good, and forgets its job if `where` names this very entry.
local function drop(id)
  local entry = c('XRANGE', jobs, id, id)[1]
  c('XACK', jobs, G, id)
  c('XDEL', jobs, id)
  if not entry then return end
  local job, flow = entry[2][2], entry[2][4]
  if c('HGET', where, job) == id .. '|' .. flow then c('HDEL', where, job) end
end

-- Takes a job out wherever it is; a waiting one gives its tag back to its flow.
local function remove(job)
  local value = c('HGET', where, job)
  if not value then return end
  local at, flow = split(value)
  if at == 'b' then
    local tag = tonumber(c('ZSCORE', backlog, job) or '0')
    c('ZREM', backlog, job)
    local last = tonumber(c('ZSCORE', tags, flow) or '0')
    if tag > 0 and last > clock() then c('ZINCRBY', tags, -1, flow) end
  else
    group()
    drop(at)
  end
  c('HDEL', where, job)
end

local function owner(id)
  local pending = c('XPENDING', jobs, G, id, id, 1)[1]
  return pending and pending[2]
end

-- Whether the job really is where `where` says: in the backlog, in hand, or admitted and not yet delivered.
local function real(job)
  local value = c('HGET', where, job)
  if not value then return false end
  local at = split(value)
  if at == 'b' then return c('ZSCORE', backlog, job) end
  local delivered = group()['last-delivered-id']
  if #c('XRANGE', jobs, at, at) == 0 then return false end
  return owner(at) or before(delivered, at)
end
