-- Exact figures for the runner: microseconds, calls, bytes, errors.
function done(summary)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status
  print("done", summary.duration, summary.requests, summary.bytes, failed)
end
