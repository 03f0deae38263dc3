-- wrk's script for Ops/bench/serving: walks over the notes of a file and asks for the related notes of each.
--   wrk … -s serving-reads.lua URL -- FILE     FILE holds an id a line; without FILE every request is GET /
-- Ends with a line of JSON: requests, seconds, failures (not 2xx, or no answer), p50_ms, p99_ms, and latencies: how many
-- answers took up to so many milliseconds, in steps of a tenth.
local requests = {}
local next = 0

local function escaped(id)
    return (id:gsub("[^%w%-%._~]", function(byte) return string.format("%%%02X", string.byte(byte)) end))
end

function init(arguments)
    if arguments[1] then
        for id in io.lines(arguments[1]) do
            requests[#requests + 1] = wrk.format("GET", "/v1/notes/" .. escaped(id) .. "/related")
        end
    else
        requests[1] = wrk.format("GET", "/")
    end
end

function request()
    next = next % #requests + 1
    return requests[next]
end

function done(summary, latency)
    local errors = summary.errors
    local counts = {}
    for index = 1, #latency do
        local microseconds, count = latency(index)
        local tenths = math.ceil(microseconds / 100)
        counts[tenths] = (counts[tenths] or 0) + count
    end
    local pairs_of = {}
    for tenths, count in pairs(counts) do
        pairs_of[#pairs_of + 1] = string.format("[%.1f, %d]", tenths / 10, count)
    end
    io.write(string.format(
        '{"requests": %d, "seconds": %.3f, "failures": %d, "p50_ms": %.3f, "p99_ms": %.3f, "latencies": [%s]}\n',
        summary.requests, summary.duration / 1e6,
        errors.status + errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50) / 1000, latency:percentile(99) / 1000, table.concat(pairs_of, ", ")))
end
