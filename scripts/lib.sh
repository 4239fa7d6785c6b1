# Shared by the scripts here: where things are, and how to say what is going on.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools="$root/.tools"
export PATH="$tools/bin:$PATH"
# `latchkey --version` names it.
if commit=$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null); then export COMMIT_OF_BUILD=$commit; fi
# The crates that people lint and test, always all of them: another choice would build their dependencies anew.
# shellcheck disable=SC2034
crates_and_features=(--package contract --package domain --package store --package store-sqlite --package service
  --package app --package server --features app/ssr)

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() { printf 'latchkey: %s\n' "$*" >&2; exit 1; }

# Runs a command as root, with sudo where we are not root.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
    die "this step needs root: $*"
  fi
}

# Installs the Debian packages that are not there yet.
need_packages() {
  local missing=() p
  for p in "$@"; do dpkg -s "$p" >/dev/null 2>&1 || missing+=("$p"); done
  [ ${#missing[@]} = 0 ] && return 0
  command -v apt-get >/dev/null || die "please install these first: ${missing[*]}"
  say "installing with apt-get: ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# The version of a crate in Cargo.lock.
locked() { awk -v n="$1" '$0=="name = \""n"\"" {getline; gsub(/"/,"",$3); print $3; exit}' "$root/Cargo.lock"; }

# Whether rustup's Rust targets WebAssembly. LATCHKEY_WASM_TOOLCHAIN=1 takes Debian's where both are there.
wasm_by_rustup() {
  [ -z "${LATCHKEY_WASM_TOOLCHAIN:-}" ] && [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown/lib" ]
}

# The cargo that compiles for the browser.
wasm_cargo() {
  if wasm_by_rustup; then cargo "$@"; return; fi
  local linker
  linker=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin
  PATH="$linker:$PATH" cargo +latchkey-wasm "$@"
}

# Builds cargo-deny, once: it judges the dependency graph by deny.toml.
need_cargo_deny() {
  local want=0.20.2
  [ "$("$tools/bin/cargo-deny" --version 2>/dev/null)" = "cargo-deny $want" ] && return
  say "building cargo-deny $want (2 minutes, once)"
  cargo install -q "cargo-deny@$want" --locked --root "$tools" --target-dir "$root/target/tools" --force
}
