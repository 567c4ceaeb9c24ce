/** Redis' own expiry comes this many ms after `expiresAt`, so that a smaller clock difference ends nothing early. */
const GRACE = 10_000;

/** For how many ms Redis keeps what expires then by the app's clock. */
export const LIFETIME: string = `
local function lifetime_until(expires)
  local left = math.max(tonumber(expires) - tonumber(ARGV[2]), 0)
  return string.format('%.0f', math.min(left, 9e15) + ${GRACE})
end
`;

/**
 * What every script begins with, after `LIFETIME`. A row is text, so that one GET reads it:
 *
 *     1 createdAt lastSeenAt expiresAt            the first number is the format's version
 *     {"version":…,"handle":…,"owner":…,"tag":…}  the rest of the bookkeeping, and the end of the row's name
 *     data
 *
 * Times are passed on as the text they came as: Lua loses digits when it writes numbers.
 *
 * In a cluster a script may reach keys that it was not given only in its own slot; and while that slot moves, a key
 * that seems missing may be on the other server. So a script there creates no undeclared key, and reports what it does
 * not see as `unsure`.
 */
export const PRELUDE: string = `
local prefix, now, cluster = ARGV[1], ARGV[2], ARGV[3] == 'cluster'

local declared = {}
for _, name in ipairs(KEYS) do declared[name] = true end

local function parse(text)
  local created, seen, expires, head, data = text:match('^1 (%S+) (%S+) (%S+)\\n([^\\n]*)\\n(.*)$')
  local readable, session = pcall(cjson.decode, head or '')
  if not readable or type(session) ~= 'table' or type(session.handle) ~= 'string' then return nil end
  session.created, session.seen, session.expires, session.head, session.data = created, seen, expires, head, data
  return session
end

local function render(session)
  return '1 ' .. session.created .. ' ' .. session.seen .. ' ' .. session.expires
    .. '\\n' .. session.head .. '\\n' .. session.data
end

-- The live session of this row, or nil.
local function read(name)
  local text = redis.pcall('GET', name)
  local session = type(text) == 'string' and parse(text)
  if session and (tonumber(session.expires) or 0) > tonumber(now) then return session end
end

local function fits(session, condition)
  for field, value in pairs(cjson.decode(condition)) do
    if session[field] ~= value then return false end
  end
  return true
end

local function ttl(session)
  return lifetime_until(session.expires)
end

local function tagged(kind, tag, rest)
  return prefix .. kind .. '{' .. tag .. '}' .. rest
end

local function handle_key(handle)
  local tag = handle:match('^[A-Za-z0-9_-][A-Za-z0-9_-][A-Za-z0-9_-]')
  return tag and tagged('h1:', tag, handle:sub(4)) or tagged('h1:', handle, '')
end

-- The name of the owner's index; nil for nobody's.
local function index_key(session)
  return session.tag and tagged('o1:', session.tag, session.owner)
end

local function is_at_hand(name)
  return declared[name] or not cluster
end

local function list_in(index, session)
  local signed_in = tonumber(session.authenticatedAt) or tonumber(session.created)
  redis.call('ZADD', index, string.format('%.17g', signed_in), session.handle)
  local lifetime = ttl(session)
  if redis.call('PTTL', index) < tonumber(lifetime) then redis.call('PEXPIRE', index, lifetime) end
end

-- Whether a row that is to succeed another one may have the handle: not if it has gone to a third one.
local function may_lead(handle, name, from)
  local row = from and redis.pcall('GET', handle)
  return type(row) ~= 'string' or row == from or row == name
end

-- Makes the session known by its handle and to its owner, as far as that lies within reach.
local function link(name, session, from)
  local handle, index = handle_key(session.handle), index_key(session)
  if is_at_hand(handle) and may_lead(handle, name, from) then
    redis.call('SET', handle, name, 'PX', ttl(session))
  end
  if index and is_at_hand(index) then list_in(index, session) end
end

-- Checks two index members from a pseudo-random rank and removes stale ones: bounds an index that nobody reads at about
-- twice its live sessions. Returns those it cannot see, except the session itself: that may be listed before its row
-- names the owner, and would be taken for stale.
local function sweep(session)
  local index, unsure = index_key(session), {}
  if not index or not is_at_hand(index) then return unsure end
  local rank = tonumber(redis.sha1hex(now .. session.handle):sub(1, 8), 16) % redis.call('ZCARD', index)
  for _, handle in ipairs(redis.call('ZRANGE', index, rank, rank + 1)) do
    if handle ~= session.handle and redis.pcall('EXISTS', handle_key(handle)) ~= 1 then
      if cluster then unsure[#unsure + 1] = handle else redis.call('ZREM', index, handle) end
    end
  end
  return unsure
end

-- What is out of reach, or belongs to the session's next key, stays: an entry is cleared when it is found dead.
local function unlink(name, session)
  local handle, index = handle_key(session.handle), index_key(session)
  if redis.pcall('GET', handle) ~= name then return end
  redis.pcall('DEL', handle)
  if index then redis.pcall('ZREM', index, session.handle) end
end

local function put(name, session, text, from)
  redis.call('SET', name, text, 'PX', ttl(session))
  link(name, session, from)
end

-- With the handle that the session goes on by under another key: then nothing has ended.
local function entomb(name, session, reason, next_handle)
  unlink(name, session)
  -- A server that is full refuses a SET, unless the script has written before: a logout must not fail.
  redis.call('PEXPIRE', name, ttl(session))
  local rest = { reason = reason, handle = session.handle, owner = session.owner }
  redis.call('SET', name, '1 ' .. session.created .. ' ' .. session.seen .. ' ' .. session.expires .. ' ' .. now
    .. '\\n' .. cjson.encode(rest), 'PX', ttl(session))
  if session.handle == next_handle then return end
  -- Whoever may not publish can end sessions all the same.
  redis.pcall('PUBLISH', prefix .. 'ended', cjson.encode({ handle = session.handle, reason = reason, at = now }))
end

-- A member of an owner's index, without its session where there is none in sight.
local function member(owner, handle)
  local name = redis.pcall('GET', handle_key(handle))
  local session = type(name) == 'string' and read(name)
  return { handle = handle, name = name, session = session and session.owner == owner and session or nil }
end

-- An index' members, the oldest sign-in first. The dead are cleared; in a cluster it is the store that makes sure.
local function members(index, owner)
  local found, unsure = {}, {}
  for _, handle in ipairs(redis.call('ZRANGE', index, 0, -1)) do
    local each = member(owner, handle)
    if each.session or cluster then found[#found + 1] = each else redis.call('ZREM', index, handle) end
    if cluster and not each.session then unsure[#unsure + 1] = handle end
  end
  return found, unsure
end

-- Ends the first of these that are in sight; answers the handles of those, and of the others.
local function displace(index, others, surplus)
  local displaced, elsewhere = {}, {}
  for i = 1, surplus do
    local each = others[i]
    local list = each.session and displaced or elsewhere
    list[#list + 1] = each.handle
    if each.session then entomb(each.name, each.session, 'displaced') end
    redis.call('ZREM', index, each.handle)
  end
  return { 'placed', displaced, elsewhere }
end

-- Makes room for one more of the owner's: 'placed', or why not. 'unsure' members must be looked up first.
local function admit(session, limit, replaced)
  local index = index_key(session)
  if not limit.limit or not index or not is_at_hand(index) then return { 'placed', {}, {} } end
  if redis.call('ZCARD', index) < limit.limit then return { 'placed', {}, {} } end
  local found, unsure = members(index, session.owner)
  if #unsure > 0 and not limit.sure then return { 'unsure', unsure } end
  local others = {}
  for _, each in ipairs(found) do
    if each.handle ~= session.handle and each.handle ~= replaced then others[#others + 1] = each end
  end
  local surplus = #others - limit.limit + 1
  if surplus > 0 and limit.policy == 'refuse' then return { 'limit' } end
  -- First, since an index that is empty for a moment is gone.
  list_in(index, session)
  return displace(index, others, surplus)
end
`;
