#!/usr/bin/env bash
# Installs what building and testing need on a Debian machine: a C compiler for the cryptography library, OpenLDAP's server, Samba's domain
# controller, MIT's Kerberos, openssl and xmllint, clients of SQL Server (one from PyPI), SQLite, a keyring, a clock that is set, shells that read completions, cron
# and readers of schedules for the tests, Python for them and for the interpreter inside, with time zone data. Where it is not root, or there
# is no apt, it says what is missing instead. With `servers` as its argument also what servers of others need: Node.js, Java and OpenSSL to
# build with.
set -euo pipefail

wanted=()
need() { # command, package
    command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || wanted+=("$2")
}
need cc build-essential
need slapd slapd
need ldapsearch ldap-utils
need openssl openssl
need xmllint libxml2-utils
need tsql freetds-bin
need sqlite3 sqlite3
need systemd-analyze systemd
need cron cron
need plistutil libplist-utils
need python3 python3
need script bsdutils
need setpriv util-linux
need zsh zsh
need fish fish
need faketime faketime
need dbus-daemon dbus-daemon
need dbus-send dbus-bin
need gnome-keyring-daemon gnome-keyring
need secret-tool libsecret-tools
[ -e /usr/share/zoneinfo/Europe/Zurich ] || wanted+=(tzdata)
python3 -c 'import ensurepip, venv' 2>/dev/null || wanted+=(python3-venv)
need krb5kdc krb5-kdc
need kadmin.local krb5-admin-server
need kinit krb5-user
/usr/bin/python3 -c 'import gssapi' 2>/dev/null || wanted+=(python3-gssapi)
need samba-tool samba
need samba samba-ad-dc
need ldbadd ldb-tools
[ -d /usr/share/samba/setup ] || wanted+=(samba-ad-provision)
if [ "${1:-}" = servers ]; then
    need npm npm
    need java default-jre-headless
    need pkg-config pkg-config
    pkg-config --exists openssl 2>/dev/null || wanted+=(libssl-dev)
fi

command -v cargo >/dev/null || {
    printf 'setup: error: there is no Rust\nhint: install it with rustup: https://rustup.rs\n' >&2
    exit 1
}
if [ ${#wanted[@]} = 0 ]; then
    :
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    printf 'setup: installing %s\n' "${wanted[*]}" >&2
    log=$(mktemp)
    if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${wanted[@]}"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        printf 'setup: error: %s cannot be installed\n' "${wanted[*]}" >&2
        exit 1
    fi
    rm -f "$log"
else
    printf 'setup: error: these packages are missing: %s\nhint: apt-get install %s\n' "${wanted[*]}" "${wanted[*]}" >&2
    exit 1
fi

# What comes from PyPI, once.
cd "$(dirname "$0")/.."
clients=target/clients
if ! cmp -s tests/clients.txt "$clients/installed.txt"; then
    rm -rf "$clients"
    python3 -m venv "$clients"
    "$clients/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r tests/clients.txt || {
        printf 'setup: error: python-tds cannot be installed\nhint: pip says why above; PyPI or a mirror of it has to be reached\n' >&2
        exit 1
    }
    cp tests/clients.txt "$clients/installed.txt"
fi
