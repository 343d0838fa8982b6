#!/usr/bin/env bash
# Runs the program against servers that others made: from the vendors' published specifications (Prism), recordings (WireMock) and a WSDL
# (soap), and against Microsoft's server for tests of SQL Server's clients. They come from npm and crates.io; where these cannot be reached
# this fails, because a test that did not run has shown nothing.
#
# Jamf's and Zendesk's specifications may not be part of this repository. Whoever has them names their directory in VENDOR_SPECIFICATIONS:
#   jamf-pro.json   the Jamf Pro API, as every Jamf Pro server gives it at /api/schema (see developer.jamf.com)
#   zendesk.json    https://developer.zendesk.com/zendesk/oas.yaml, as JSON: npx js-yaml oas.yaml >zendesk.json
set -euo pipefail
[ -z "${VENDOR_SPECIFICATIONS:-}" ] || VENDOR_SPECIFICATIONS=$(realpath -m "$VENDOR_SPECIFICATIONS")
cd "$(dirname "$0")/../.."

packages=(@stoplight/prism-cli@5.14.2 wiremock@3.13.2 soap@1.13.0)
directory=$PWD/target/servers
modules=$directory/node_modules

fail() { # message, hint
    printf 'test-servers: error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 1
}

[ -x target/release/oomnitza-connector ] || fail 'the program is not built' 'run `make test-servers`, which builds it'
tests/setup.sh servers
if [ "$(cat "$directory/installed" 2>/dev/null)" != "${packages[*]}" ]; then
    printf 'test-servers: installing %s\n' "${packages[*]}" >&2
    mkdir -p "$directory"
    npm install --prefix "$directory" --no-audit --no-fund --loglevel=error "${packages[@]}" >"$directory/npm.log" 2>&1 || {
        tail -n 20 "$directory/npm.log" >&2
        fail 'the servers cannot be installed' 'they come from the npm registry, which this machine must be able to reach'
    }
    printf '%s' "${packages[*]}" >"$directory/installed"
fi

cargo build --quiet --release --locked --manifest-path tests/servers/mssql/Cargo.toml --target-dir "$directory/mssql" ||
    fail "Microsoft's server cannot be built" 'its crates come from crates.io, which this machine must be able to reach'

export MSSQL_SERVER=$directory/mssql/release/mssql-server
export PRISM=$modules/.bin/prism NODE_PACKAGES=$modules
WIREMOCK=$(find "$modules/wiremock/build" -name 'wiremock*.jar' | head -n 1)
export WIREMOCK
more=()
without='; NOT RUN: Jamf and Zendesk against their own specifications, because VENDOR_SPECIFICATIONS names no directory with these'
if [ -n "${VENDOR_SPECIFICATIONS:-}" ]; then
    for file in jamf-pro.json zendesk.json; do
        [ -f "$VENDOR_SPECIFICATIONS/$file" ] || fail "there is no $VENDOR_SPECIFICATIONS/$file" "the head of $0 says where it comes from"
    done
    export VENDOR_SPECIFICATIONS
    more=(-- --include-ignored)
    without=
fi
cargo test --quiet --release --workspace --test servers "${more[@]}"
printf 'test-servers: the program keeps to the specifications, recordings and WSDL of the vendors (%s, mssql-mock-tds)%s\n' "${packages[*]}" "$without"
