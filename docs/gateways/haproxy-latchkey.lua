-- Asks Latchkey whether a request may pass; the action's argument says where.

-- What of the request Latchkey needs. With key_header: that header in place of the first two. The last two are
-- only read with cors_preflights = pass.
local ASKED_WITH = {
  "authorization", "x-api-key", "x-forwarded-for", "x-latchkey-gateway",
  "origin", "access-control-request-method",
}
-- What the API is told: all three, or none of them for a browser's preflight.
local IDENTITY = { "x-latchkey-key-id", "x-latchkey-username", "x-latchkey-key-type" }
-- What the client is told when it is refused.
local TOLD = {
  "content-type", "cache-control", "www-authenticate", "retry-after", "x-latchkey-code", "x-latchkey-status",
  "access-control-allow-origin", "access-control-expose-headers",
}

-- HAProxy counts the lines of a header from 0, its HTTP client from 1.
local function question(txn)
  local request_headers = txn.http:req_get_headers()
  -- Only read with key_in_query = true, and with cors_preflights = pass.
  local headers = { ["x-forwarded-uri"] = { txn.sf:pathq() }, ["x-forwarded-method"] = { txn.sf:method() } }
  for _, name in ipairs(ASKED_WITH) do
    local lines = request_headers[name]
    if lines then
      headers[name] = {}
      for n = 0, #lines do
        table.insert(headers[name], lines[n])
      end
    end
  end
  return headers
end

local function refuse(txn, status, headers, body)
  local reply = txn:reply({ status = status, body = body })
  for _, name in ipairs(TOLD) do
    for _, line in pairs(headers and headers[name] or {}) do
      reply:add_header(name, line)
    end
  end
  txn:done(reply)
end

core.register_action("latchkey", { "http-req" }, function(txn, address)
  local answer = core.httpclient():get({
    url = address,
    headers = question(txn),
    timeout = 2000,
  })
  if not answer or answer.status ~= 200 then
    local denied = answer and (answer.status == 401 or answer.status == 403 or answer.status == 429)
    if denied then
      return refuse(txn, answer.status, answer.headers, answer.body)
    end
    return refuse(txn, 503)
  end
  for _, name in ipairs(IDENTITY) do
    if answer.headers[name] then
      txn.http:req_set_header(name, answer.headers[name][0])
    end
  end
  txn:set_var("txn.latchkey", "allowed")
end, 1)
