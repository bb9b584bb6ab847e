# shellcheck shell=bash
# What the scripts beside this file call things; to be sourced. Sets: store, account, identity_role, group, location.

fail() {
  printf '%s\n' "$*" >&2
  exit 2
}

# names SIDE SUFFIX: refuse what Azure would, before anything is sent.
names() {
  case "$1" in
    provider) store="sourcestorage$2" account="source-data-share-$2" identity_role=2a2b9908-6ea1-4ae2-8e65-a410df84e7d1 ;;
    consumer) store="deststorage$2" account="dest-data-share-$2" identity_role=ba92f5b4-2d11-453d-a403-e96b0029c9fe ;;
    *) fail "the side is provider or consumer, not '$1'" ;;
  esac
  [[ "$2" =~ ^[a-z0-9]{3,11}$ ]] || fail "the suffix is 3 to 11 lower-case letters and digits, not '$2'"
  group="${GROUP:-data-share-automation}"
  location="${LOCATION:-westeurope}"
  export store account identity_role group location
}

# account_url SUBSCRIPTION: the data share account in the control plane. The datashare extension of az is not needed.
account_url() {
  printf 'https://management.azure.com/subscriptions/%s/resourceGroups/%s/providers/Microsoft.DataShare/accounts/%s?api-version=2021-08-01' \
    "$1" "$group" "$account"
}

# until_true SECONDS COMMAND...: try until it succeeds.
until_true() {
  local left="$1"
  shift
  until "$@"; do
    ((left-- > 0)) || fail "waited too long for: $*"
    sleep 1
  done
}
