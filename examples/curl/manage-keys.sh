#!/usr/bin/env bash
# Manages keys by curl, jq and openssl. LATCHKEY_URL is the address of the pages, LATCHKEY_TOKEN a key that manages keys.
#   manage-keys.sh list | generate DESCRIPTION [TYPE] | limit ID ADDRESS | rotate ID OVERLAP_SECONDS | delete ID
set -euo pipefail
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# ask METHOD PATH [JSON]: prints the answer. All attempts have one Idempotency-Key, so nothing is done twice. The token does
# not stand on a command line, where others on the machine could read it.
ask() {
  local body=()
  [ $# -lt 3 ] || body=(--header 'Content-Type: application/json' --data "$3")
  curl --silent --show-error --fail-with-body --retry 5 --retry-connrefused --max-time 30 --output "$answer" --request "$1" \
    --header @<(printf 'Authorization: Bearer %s\n' "$LATCHKEY_TOKEN") --header "Idempotency-Key: $(openssl rand -hex 16)" \
    "${body[@]}" "$LATCHKEY_URL/v1/$2" || { cat "$answer" >&2; return 1; }
  cat "$answer"
}

list() {
  local page cursor=''
  while page=$(ask GET "keys?limit=100$cursor"); do
    jq --raw-output '.data[] | [.id, .username, .key_type, .state, .times_used, .description] | @tsv' <<<"$page"
    cursor=$(jq --raw-output '.next_cursor // empty | "&cursor=\(@uri)"' <<<"$page")
    [ -n "$cursor" ] || return 0
  done
  return 1
}

case "${1:-} $#" in
  'list 1') list ;;
  'generate '[23])
    new=$(jq --null-input --arg d "$2" --arg t "${3:-default}" '{description: $d, key_type: $t}')
    ask POST keys "$new" | jq --raw-output '"\(.id)\t\(.token)"' ;;
  'limit 3')
    entry=$(jq --null-input --arg a "$3" '{address: $a}')
    ask POST "keys/$2/allowed-ips" "$entry" | jq --raw-output .address ;;
  'rotate 3') ask POST "keys/$2/rotate" "{\"overlap_seconds\": $3}" | jq --raw-output .token ;;
  'delete 2') ask DELETE "keys/$2" ;;
  *) sed -n 3p "$0" >&2; exit 2 ;;
esac
