-- wrk: every key in turn, requests built before the run. Environment: BENCH_TOKENS, a file with the gateway's
-- token and then the keys' tokens; BENCH_CASE, what is asked.
local requests, turn = {}, 0
local home, elsewhere = "203.0.113.7", "203.0.113.8"

local function hook(path, token, client)
  return wrk.format("GET", path, { ["X-API-Key"] = token, ["X-Forwarded-For"] = client })
end

local build = {
  allowed = function(token) return hook("/authz/forward-auth", token, home) end,
  ip_not_allowed = function(token) return hook("/authz/forward-auth", token, elsewhere) end,
  malformed = function(token, gateway, place)
    local client = ("198.18.%d.%d"):format(math.floor(place / 256) % 256, place % 256)
    return hook("/authz/forward-auth", token:sub(2), client)
  end,
  throttled = function(token) return hook("/authz/forward-auth", token:sub(2), elsewhere) end,
  -- Through nginx, which names the client itself.
  guarded = function(token) return wrk.format("GET", "/file", { ["X-API-Key"] = token }) end,
  -- Programs that generate keys, each somewhere else, so that none has more than its share.
  generate = function(token, gateway, place)
    local headers = {
      ["Authorization"] = "Bearer " .. token,
      ["Content-Type"] = "application/json",
      ["X-Forwarded-For"] = ("198.18.0.%d"):format(place % 256),
    }
    return wrk.format("POST", "/v1/keys", headers, '{"description": "bench"}')
  end,
  verify = function(token, gateway)
    local headers = { ["Authorization"] = "Bearer " .. gateway, ["Content-Type"] = "application/json" }
    return wrk.format("POST", "/v1/verify", headers, ('{"key":"%s","client_ip":"%s"}'):format(token, home))
  end,
}

function init(args)
  local gateway
  for token in io.lines(os.getenv("BENCH_TOKENS")) do
    if gateway then
      requests[#requests + 1] = build[os.getenv("BENCH_CASE")](token, gateway, #requests)
    else
      gateway = token
    end
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end
