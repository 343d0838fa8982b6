#!/usr/bin/env bash
# Builds every guest to target/components/NAME.wasm. Chooses by itself how to get a WebAssembly standard library, and says which:
#   1. rustup's target, if it is there;  2. rustup's target, if it can be added;
#   3. Debian's Rust with its standard library built from source (packages rustc-web cargo-web rust-web-src lld, installed if we are root).
# OOMNITZA_GUESTS=rustup|source forces one.
set -euo pipefail
cd "$(dirname "$0")/.."

target=wasm32-unknown-unknown
packages=(
    connector-airwatch connector-bamboohr connector-casper connector-jasper connector-ldap connector-mobileiron connector-okta
    connector-onelogin connector-sccm connector-zendesk guest-fixture guest-hostile guest-mapper
)
select=(); for package in "${packages[@]}"; do select+=(-p "$package"); done
features="-C target-feature=+simd128,+bulk-memory"
out=target/components
debian=/usr/bin

say() { printf 'guests: %s\n' "$*" >&2; }
fail() { printf 'guests: error: %s\nhint: %s\n' "$1" "$2" >&2; exit 1; }

rustup_target() { command -v rustup >/dev/null && rustup target list --installed 2>/dev/null | grep -qx "$target"; }
debian_rust() { [ -x $debian/rustc ] && [ -x $debian/cargo ] && command -v wasm-ld >/dev/null && [ -e "$($debian/rustc --print sysroot)/lib/rustlib/src/rust/library/Cargo.lock" ]; }

choose() {
    if [ -n "${OOMNITZA_GUESTS:-}" ]; then echo "$OOMNITZA_GUESTS"; return; fi
    if rustup_target; then echo rustup; return; fi
    if debian_rust; then echo source; return; fi
    if command -v rustup >/dev/null; then
        say "adding rustup's target $target"
        if timeout 120 rustup target add "$target" >/dev/null 2>&1 && rustup_target; then echo rustup; return; fi
        say "rustup cannot add it here"
    fi
    echo source
}

how=$(choose)
case "$how" in
rustup)
    rustup_target || fail "rustup has no target $target" "run: rustup target add $target"
    say "building with rustup's $target"
    RUSTFLAGS="$features" cargo build --quiet --profile guest --target "$target" --target-dir target/guests "${select[@]}"
    ;;
source)
    if ! debian_rust; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            say "installing Debian's Rust, its sources and lld"
            mkdir -p target
            (apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends rustc-web cargo-web rust-web-src lld) >target/guests-install.log 2>&1 || true
        fi
        debian_rust || fail "there is no WebAssembly standard library: rustup has no target $target, and Debian's Rust with its sources is not installed" \
            "run: rustup target add $target   or: apt-get install rustc-web cargo-web rust-web-src lld"
    fi
    say "building with $($debian/rustc --version), standard library from source"
    RUSTC=$debian/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld RUSTFLAGS="$features" \
        $debian/cargo build --quiet --profile guest --target "$target" --target-dir target/guests -Zbuild-std=std,panic_abort "${select[@]}"
    ;;
*) fail "OOMNITZA_GUESTS is '$how'" "it can be rustup or source" ;;
esac

# With the whole workspace selected, so that shared dependencies are built once for everything.
cargo build --quiet --release --workspace --bin guests-componentize
mkdir -p "$out"
for package in "${packages[@]}"; do
    name=${package#connector-}; name=${name#guest-}
    target/release/guests-componentize "target/guests/$target/guest/${package//-/_}.wasm" "$out/$name.wasm"
done
guests/python/build.sh
