-- Looks for a place in a window that all nodes share. KEYS[1] holds the stamps of the served calls, oldest
-- first, in microseconds. ARGV: calls and microseconds of the limit, "1" to take the place, milliseconds
-- after which the window may be forgotten, and the time for tests (otherwise empty).
-- Gives whether there is a place, how many are taken, and microseconds until one more is free.
local window = KEYS[1]
local calls, span, take, kept, now = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1', ARGV[4], tonumber(ARGV[5])
if not now then
    -- One clock for all nodes: theirs differ.
    local time = redis.call('TIME')
    now = time[1] * 1000000 + time[2]
end

local function add(stamp)
    redis.call('RPUSH', window, string.format('%.0f', stamp))
end

-- Stamps that are to come: this clock was set back. The youngest is taken to be of this moment, so that
-- nobody gets a place too early, and nobody waits for longer than a whole span.
local ahead = tonumber(redis.call('LINDEX', window, -1) or now) - now
if ahead > 0 then
    local stamps = redis.call('LRANGE', window, 0, -1)
    redis.call('DEL', window)
    for _, stamp in ipairs(stamps) do
        add(stamp - ahead)
    end
    redis.call('PEXPIRE', window, kept)
end

local oldest = tonumber(redis.call('LINDEX', window, 0) or nil)
while oldest and oldest <= now - span do
    redis.call('LPOP', window)
    oldest = tonumber(redis.call('LINDEX', window, 0) or nil)
end
local served = redis.call('LLEN', window)
local admitted = served < calls
if admitted and take then
    add(now)
    redis.call('PEXPIRE', window, kept)
    served, oldest = served + 1, oldest or now
end
return { admitted and 1 or 0, served, oldest and oldest + span - now or 0 }
