#!/usr/bin/env bash
# Runs the program against servers that are made from the vendors' published specifications. Prism comes from npm; where npm or its
# registry cannot be reached this fails, because a test that did not run has shown nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."

prism_version=5.14.2
directory=$PWD/target/servers
prism=$directory/node_modules/.bin/prism

fail() { # message, hint
    printf 'test-servers: error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 1
}

[ -x target/release/oomnitza-connector ] || fail 'the program is not built' 'run `make test-servers`, which builds it'
command -v npm >/dev/null || fail 'there is no npm' 'install Node.js 18 or later'
if [ "$("$prism" --version 2>/dev/null)" != "$prism_version" ]; then
    printf 'test-servers: installing @stoplight/prism-cli %s\n' "$prism_version" >&2
    mkdir -p "$directory"
    npm install --prefix "$directory" --no-audit --no-fund --loglevel=error "@stoplight/prism-cli@$prism_version" >"$directory/npm.log" 2>&1 || {
        tail -n 20 "$directory/npm.log" >&2
        fail 'Prism cannot be installed' 'it comes from the npm registry, which this machine must be able to reach'
    }
fi

PRISM=$prism cargo test --quiet --release --workspace --test servers
printf 'test-servers: the program keeps to the published specification of Okta (Prism %s)\n' "$prism_version"
