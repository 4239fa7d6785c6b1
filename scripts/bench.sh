# Shared by scripts/bench: starting things, one run of wrk, and the table.

# Starts a program, waits for the first line it prints, and reads the address from it: $address, $pid.
start() {
  local line fd
  exec {fd}< <(exec "$@" 2>"$work/log.$((++started))")
  pid=$!
  pids+=("$pid")
  read -r -t 60 line <&"$fd" || { cat "$work/log.$started" >&2; die "$1 did not start"; }
  address=$(sed -n 's/.*\(http:[^ ;]*\).*/\1/p' <<<"$line")
}
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}

# Ports that were free just now, for what cannot choose one itself.
free_ports() {
  node -e 'const s = [...Array(+process.argv[1])].map(() => require("net").createServer().listen(0, "127.0.0.1"));
    setTimeout(() => { console.log(s.map((x) => x.address().port).join(" ")); process.exit(); }, 100)' "$1"
}

# Waits, at most 10 s, until a process does next to nothing, so that what one run leaves to do is not
# taken out of the next one.
settle() {
  local before now
  for _ in $(seq 20); do
    before=$(cut -d' ' -f14,15 "/proc/$1/stat" | tr ' ' +)
    sleep 0.5
    now=$(cut -d' ' -f14,15 "/proc/$1/stat" | tr ' ' +)
    [ $(((now) - (before))) -le 2 ] && return
  done
}

# run NAME CONNECTIONS ADDRESS [CASE TOKENS]: one run of wrk; requests a second and p99 in ms go to a file of
# that name, a line a run. Answers other than 2xx are a failure where the case is not a refusal.
run() {
  local name=$1 connections=$2 address=$3 case=${4:-} tokens=${5:-} script=() result
  [ -z "$case" ] || script=(-s scripts/bench.lua)
  result=$(BENCH_CASE="$case" BENCH_TOKENS="$tokens" \
    wrk -t1 "-c$connections" "-d${seconds}s" --latency "${script[@]}" "$address")
  case $case in
    ip_not_allowed | malformed | throttled) ;;
    *) ! grep -q "Non-2xx" <<<"$result" || { echo "$result" >&2; die "$name: some requests were refused"; } ;;
  esac
  ! grep -q "Socket errors" <<<"$result" || { echo "$result" >&2; die "$name: connections failed"; }
  awk '/Requests\/sec/ {r = $2}
    $1 == "99%" {p = $2 + 0; if ($2 ~ /us$/) p /= 1000; else if ($2 !~ /ms$/) p *= 1000}
    END {printf "%.0f %.3f\n", r, p}' <<<"$result" >>"$work/runs.$name"
}

median() { sort -g | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
percentile99() { sort -g | awk '{v[NR] = $1} END {i = int(NR * 0.99 + 0.999); print v[i < NR ? i : NR]}'; }
# Column COLUMN of runs A over that of runs B, round by round; the median.
quotient() { paste "$work/runs.$1" "$work/runs.$2" | awk -v c="$3" '{print $c / $(c + 2)}' | median; }
column() { cut -d" " -f"$2" "$work/runs.$1" | median; }

# row TITLE VALUE BOUND at-least|at-most [P99]
row() {
  local verdict=ok
  [ -n "$2" ] || die "there is no figure for: $1"
  case $4 in
    at-least) awk "BEGIN {exit !($2 < $3)}" && verdict=below ;;
    at-most) awk "BEGIN {exit !($2 > $3)}" && verdict=above ;;
  esac
  [ $verdict = ok ] || missed=1
  printf '%s\t%s\t%s %s\t%s\t%s\n' "$1" "$2" "${4/-/ }" "$3" "$verdict" "${5:-}" >>"$work/table"
}
# ratio TITLE RUNS BARE BOUND
ratio() { row "$1" "$(printf %.2f "$(quotient "$2" "$3" 1)")" "$4" at-least "$(column "$2" 2)"; }

print_table() {
  awk -F'\t' 'BEGIN {printf "%-48s %8s  %-12s %-6s %8s\n", "case", "ratio", "bound", "", "p99 ms"}
    {printf "%-48s %8s  %-12s %-6s %8s\n", $1, $2, $3, $4, $5}' "$work/table"
}
# Puts the table between the two marks of a page.
write_table() {
  {
    sed '/<!-- figures -->/q' "$1"
    printf '\nMeasured on %s, with %s rounds of %s s:\n' "$(date -u +%F)" "$rounds" "$seconds"
    machine
    printf '(the bare handler: %s requests a second).\n\n' "$(column bare 1)"
    echo '| case | ratio | bound | | p99 ms |'
    echo '|---|---|---|---|---|'
    awk -F'\t' '{printf "| %s | %s | %s | %s | %s |\n", $1, $2, $3, $4, $5}' "$work/table"
    echo
    sed -n '/<!-- end of figures -->/,$p' "$1"
  } >"$work/page"
  cp "$work/page" "$1"
}

# Model, cores, memory, disk and system of this machine.
machine() {
  local model disk
  model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)
  disk=$(df --output=source,fstype "$work" | tail -1 | tr -s ' ')
  echo "${model:-unknown processor}, $(nproc) cores, $(awk '/MemTotal/ {printf "%.0f GB", $2 / 1e6}' /proc/meminfo) of memory,"
  echo "scratch directory on $disk, Linux $(cut -d' ' -f1 /proc/sys/kernel/osrelease)"
}
