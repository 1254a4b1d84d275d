# shellcheck shell=bash
# For direnv: a copy or a link in ~/.config/direnv/lib/keyarc.sh.
#
# use keyarc [FILE…]
#
# Puts the variables of .env, or of these files, into the environment, with secrets in place of
# references. They come again when one of the files changes, and when the vault is locked or unlocked.
use_keyarc() {
  local home=${KEYARC_HOME:-${XDG_CONFIG_HOME:-$HOME/.config}/keyarc}
  local file exports
  local -a words=()
  for file in "$@"; do
    words+=(--env-file "$file")
  done
  if [[ $# -eq 0 ]]; then
    watch_file .env
  else
    watch_file "$@"
  fi
  watch_file keyarc.toml "$home/keeper.sock"
  if ! has keyarc; then
    log_error "keyarc is not in your PATH"
    return 1
  fi
  # Without a terminal nothing is asked: a prompt is no place for a password.
  if ! exports=$(keyarc env --format shell ${words[@]+"${words[@]}"} </dev/null); then
    log_error "no secrets came from keyarc"
    return 1
  fi
  eval "$exports"
}
