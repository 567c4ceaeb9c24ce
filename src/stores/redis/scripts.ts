import { createHash } from 'node:crypto';
import { LIFETIME, PRELUDE } from './prelude.js';

/** A Lua script, and the hash by which a server that knows it runs it. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

/** @param shortcut handles cases without the prelude, which takes longer than they do */
function script(body: string, shortcut = ''): Script {
  const source = `${LIFETIME}${shortcut}${PRELUDE}${body}`;
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}

/*
 * All return text, or lists of it. ARGV begins with prefix, now, and 'cluster' or ''. KEYS begins with what is named
 * here; the handle's key and the owner's index follow if they are in the same slot. `limit` and the conditions are
 * JSON; a limit marked `sure` counts the unsure as well.
 */

/** Most new sessions have no owner, and then nothing needs decoding. */
const INSERT_AT_ONCE = `
local expires = ARGV[4]:match('^1 %S+ %S+ (%S+)\\n[^\\n]-,"handle":"[%w_-]*","owner":null,')
if expires and KEYS[2] and not ARGV[6] then
  local lifetime = lifetime_until(expires)
  if not redis.call('SET', KEYS[1], ARGV[4], 'NX', 'PX', lifetime) then return { 'taken' } end
  redis.call('SET', KEYS[2], KEYS[1], 'PX', lifetime)
  return { 'placed', {}, {} }
end
`;

/** KEYS row; ARGV text, limit, and the row that it is to succeed. */
export const INSERT: Script = script(
  `
local session = parse(ARGV[4])
if redis.call('EXISTS', KEYS[1]) == 1 then return { 'taken' } end
local answer = admit(session, cjson.decode(ARGV[5]))
if answer[1] ~= 'placed' then return answer end
put(KEYS[1], session, ARGV[4], ARGV[6])
answer[4] = sweep(session)
return answer
`,
  INSERT_AT_ONCE,
);

/** KEYS handle's key; ARGV row, its expiry, and the row that it is to succeed. For a row in another slot. */
export const POINT: Script = script(`
if may_lead(KEYS[1], ARGV[4], ARGV[6]) then
  redis.call('SET', KEYS[1], ARGV[4], 'PX', lifetime_until(ARGV[5]))
end
return 'done'
`);

/** KEYS from, to; ARGV text, limit, condition. */
export const MOVE: Script = script(`
local old, session = read(KEYS[1]), parse(ARGV[4])
if not old or not fits(old, ARGV[6]) then return { 'stale' } end
if redis.call('EXISTS', KEYS[2]) == 1 then return { 'taken' } end
local answer = admit(session, cjson.decode(ARGV[5]), old.handle)
if answer[1] ~= 'placed' then return answer end
entomb(KEYS[1], old, 'rotated', session.handle)
put(KEYS[2], session, ARGV[4])
answer[4] = sweep(session)
return answer
`);

/**
 * The usual update: the session has no owner and keeps its handle. Texts are compared as row.ts writes them, and
 * nothing is decoded. Every other case is left to the script itself.
 */
const UPDATE_AT_ONCE = `
local text, version = redis.pcall('GET', KEYS[1]), ARGV[5]:sub(1, -2) .. ','
local ends, head = (type(text) == 'string' and text or ''):match('^1 %S+ %S+ (%d+)\\n([^\\n]*)')
local expires, identity = ARGV[4]:match('^1 %S+ %S+ (%S+)\\n[^\\n]-(,"handle":"[%w_-]*","owner":null,)')
if head and identity and KEYS[2] and tonumber(ends) > tonumber(ARGV[2])
  and head:sub(1, #version) == version and head:find(identity, 1, true) then
  redis.call('SET', KEYS[1], ARGV[4], 'PX', lifetime_until(expires))
  redis.call('SET', KEYS[2], KEYS[1], 'PX', lifetime_until(expires))
  return 'yes'
end
`;

/** KEYS row; ARGV text, condition. Returns 'renamed' if the handle or the owner has changed. */
export const UPDATE: Script = script(
  `
local old, session = read(KEYS[1]), parse(ARGV[4])
if not old or not fits(old, ARGV[5]) then return 'no' end
local is_same = old.handle == session.handle and old.owner == session.owner
if not is_same then unlink(KEYS[1], old) end
put(KEYS[1], session, ARGV[4])
return is_same and 'yes' or 'renamed'
`,
  UPDATE_AT_ONCE,
);

/**
 * KEYS row; ARGV lastSeenAt, expiresAt. If, in a cluster, it does not see the handle's key and the index, it changes
 * nothing and returns the row's text without its data, to be called again with those keys and 'again'.
 */
export const TOUCH: Script = script(`
local session = read(KEYS[1])
if not session then return { 'no' } end
if tonumber(ARGV[4]) > tonumber(session.seen) then session.seen = ARGV[4] end
if tonumber(ARGV[5]) > tonumber(session.expires) then session.expires = ARGV[5] end
if ARGV[6] ~= 'again' then
  for _, name in ipairs({ handle_key(session.handle), index_key(session) }) do
    -- What is there may be written to; what is not may be on another server.
    if not is_at_hand(name) and redis.pcall('EXISTS', name) ~= 1 then
      session.data = ''
      return { 'unsure', render(session) }
    end
    declared[name] = true
  end
end
put(KEYS[1], session, render(session))
return { 'yes' }
`);

/**
 * KEYS row; ARGV reason, condition, and the handle that the session has under its next key, or ''. The reason ''
 * leaves no tombstone.
 */
export const END: Script = script(`
local session = read(KEYS[1])
if not session or not fits(session, ARGV[5]) then return 'no' end
if ARGV[4] ~= '' then entomb(KEYS[1], session, ARGV[4], ARGV[6]) return 'yes' end
unlink(KEYS[1], session)
redis.call('DEL', KEYS[1])
return 'yes'
`);

/** KEYS handle's key; ARGV reason, condition. Also returns the row's name if the row is out of sight. */
export const END_BY_HANDLE: Script = script(`
local name = redis.call('GET', KEYS[1])
local session = name and read(name)
if not session then return { cluster and name and 'unsure' or 'no', name or '' } end
if not fits(session, ARGV[5]) then return { 'no' } end
entomb(name, session, ARGV[4])
return { 'yes' }
`);

/**
 * KEYS index; ARGV text (its data do not matter), limit, 'listed' or nothing. Lists a session whose row may be in
 * another slot. With 'listed', one that has given way since it was listed ends nobody.
 */
export const ENROL: Script = script(`
local session = parse(ARGV[4])
if ARGV[6] and not redis.call('ZSCORE', KEYS[1], session.handle) then return { 'placed', {}, {} } end
local answer = admit(session, cjson.decode(ARGV[5]))
if answer[1] ~= 'placed' then return answer end
list_in(KEYS[1], session)
answer[4] = sweep(session)
return answer
`);

/** KEYS index; ARGV owner, reason, JSON list of handles to spare. Returns the ended handles and the unsure ones. */
export const END_OWNED: Script = script(`
local spared, ended = {}, {}
for _, handle in ipairs(cjson.decode(ARGV[6])) do spared[handle] = true end
local found, unsure = members(KEYS[1], ARGV[4])
for _, each in ipairs(found) do
  if each.session and not spared[each.handle] then
    entomb(each.name, each.session, ARGV[5])
    ended[#ended + 1] = each.handle
  end
end
return { ended, unsure }
`);

/**
 * KEYS index; ARGV owner, how many, and the sign-in and the handle to start below, or ''. Returns rows as sign-in,
 * handle and text, newest first, plus one if there are more; the text is '' if the row is out of sight.
 */
export const LIST: Script = script(`
local rows, dead, limit, start, is_lost = {}, {}, tonumber(ARGV[5]), 0, false
if ARGV[7] ~= '' then
  local rank = redis.call('ZREVRANK', KEYS[1], ARGV[7])
  is_lost = not rank
  start = rank and rank + 1 or redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[6], '+inf')
end

-- Where the page before ended with a session that is gone, those of the same instant begin anew.
local function is_before(handle, signed_in)
  return is_lost and tonumber(signed_in) == tonumber(ARGV[6]) and handle >= ARGV[7]
end

local function add(handle, signed_in)
  if is_before(handle, signed_in) then return end
  local session = member(ARGV[4], handle).session
  if session or cluster then
    rows[#rows + 1] = { signed_in, handle, session and render(session) or '' }
  else
    dead[#dead + 1] = handle
  end
end

repeat
  local batch = redis.call('ZREVRANGE', KEYS[1], start, start + 49, 'WITHSCORES')
  for i = 1, #batch, 2 do
    if #rows <= limit then add(batch[i], batch[i + 1]) end
  end
  start = start + 50
until #batch < 100 or #rows > limit
for _, handle in ipairs(dead) do redis.call('ZREM', KEYS[1], handle) end
return rows
`);

/** KEYS handles' keys. Returns the texts of the live sessions in sight, without their data. */
export const PEEK: Script = script(`
local rows = {}
for _, handle in ipairs(KEYS) do
  local name = redis.pcall('GET', handle)
  local session = type(name) == 'string' and read(name)
  if session then
    session.data = ''
    rows[#rows + 1] = render(session)
  end
end
return rows
`);

/** KEYS any; ARGV text. Publishes it on the scripts' channel for ended sessions. */
export const PUBLISH: Script = script(`
return redis.call('PUBLISH', prefix .. 'ended', ARGV[4])
`);

/** KEYS index; ARGV owner. Returns how many are in sight, and the unsure. */
export const COUNT: Script = script(`
local found, unsure = members(KEYS[1], ARGV[4])
return { tostring(#found - #unsure), unsure }
`);
