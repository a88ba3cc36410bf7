-- wrk's request: the list call. TOKEN and PAGES (the highest page asked for) come from the environment.
local token, pages = os.getenv("TOKEN"), tonumber(os.getenv("PAGES") or 1)

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

local function body(page)
  return string.format('{"access_token":"%s","page":%d,"page_size":10}', token, page)
end

if pages == 1 then
  wrk.body = body(1) -- wrk then makes the request once
else
  function request()
    return wrk.format(nil, nil, nil, body(math.random(pages)))
  end
end

-- done: what the runner reads.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "done.lua")
