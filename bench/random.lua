-- wrk's requests: list calls with random filters and random pages, hardly one like another.
--
-- TOKEN and QUERIES come from the environment. QUERIES is a file that queries.py writes: a line for each filter, with
-- channel_type, state, is_overtime, the first and the last moment in epoch seconds (- for what is not asked) and
-- the total. Each filter is as likely as any other, and so is each of its pages. Times are widened at random by up to
-- an hour, which makes them differ and leaves every page in place.
--
-- Each thread makes REQUESTS of them before it starts, others for each SEED, and goes round when they are used up.
local token, count = os.getenv("TOKEN"), tonumber(os.getenv("REQUESTS") or 100000)
local HOUR, BEIJING, ROWS = 3600, 8 * 3600, 10
local threads = 0

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

local function filters()
  local all = {}
  for line in io.lines(os.getenv("QUERIES")) do
    local channel, state, overtime, first, last, total =
      line:match("^(%d+) (%S+) (%d+) (%S+) (%S+) (%d+)$")
    all[#all + 1] = {
      head = string.format(
        '{"access_token":"%s","channel_type":%s,"state":"%s","is_overtime":%s,"page_size":%d',
        token, channel, state == "-" and "" or state, overtime, ROWS
      ),
      first = tonumber(first),
      last = tonumber(last),
      pages = math.ceil(total / ROWS),
    }
  end
  return all
end

local function moment(epoch)
  return os.date("!%Y-%m-%d %H:%M:%S", epoch + BEIJING)
end

local requests, at = {}, 0

function init()
  math.randomseed(number + 1000 * tonumber(os.getenv("SEED") or 0))
  local all = filters()
  for made = 1, count do
    local filter = all[math.random(#all)]
    local body = filter.head .. ',"page":' .. math.random(filter.pages)
    if filter.first then
      body = body .. ',"start_time":"' .. moment(filter.first - math.random(0, HOUR)) .. '"'
    end
    if filter.last then
      body = body .. ',"end_time":"' .. moment(filter.last + math.random(0, HOUR)) .. '"'
    end
    requests[made] = wrk.format(nil, nil, nil, body .. "}")
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

-- done: what the runner reads.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "done.lua")
