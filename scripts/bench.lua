-- wrk: every key in turn, requests built before the run. Environment: BENCH_TOKENS, a file of tokens.
local requests, turn = {}, 0

function init(args)
  for token in io.lines(os.getenv("BENCH_TOKENS")) do
    requests[#requests + 1] = wrk.format("GET", "/authz/forward-auth",
      { ["X-API-Key"] = token, ["X-Forwarded-For"] = "203.0.113.7" })
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end
