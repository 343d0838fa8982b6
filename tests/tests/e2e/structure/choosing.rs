//! How `guests/build.sh` gets a WebAssembly standard library: whichever machine it finds, it chooses, says what it does, and where it cannot
//! go on, how to make it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::root;

/// A machine with nothing on it but what a test puts there, and a copy of the script in a fresh checkout.
struct Machine(TempDir);

/// Stands in for rustup, whose targets are in a file.
const RUSTUP: &str = r#"[ "$2" = list ] && exec cat "$MACHINE/targets"
[ "$2" = add ] && [ -e "$MACHINE/can-add" ] && exec cp "$MACHINE/can-add" "$MACHINE/targets""#;

/// Stands in for cargo of either kind: says what it was told to build, and builds what the script runs next.
const CARGO: &str = r#"case "$*" in
*guests-componentize*)
    mkdir -p target/release
    printf '#!/bin/sh\n' >target/release/guests-componentize
    chmod +x target/release/guests-componentize ;;
*) echo "cargo: $0 $* RUSTC=$RUSTC BOOTSTRAP=$RUSTC_BOOTSTRAP RUSTFLAGS=$RUSTFLAGS" >&2 ;;
esac"#;

const RUSTC: &str = r#"[ "$1" = --version ] && echo "rustc 1.95.0 (Debian)" && exit
echo "$MACHINE/sysroot""#;

/// Installs what the test has laid out, if anything.
const APT: &str = r#"echo "apt-get: $*"
[ "$1" = update ] || cp -r "$MACHINE/packages/." "$MACHINE""#;

impl Machine {
    fn new() -> Self {
        let machine = Self(TempDir::new().unwrap());
        for tool in ["cat", "chmod", "cp", "dirname", "grep", "mkdir", "timeout"] {
            let found = ["/usr/bin", "/bin"].map(|place| PathBuf::from(place).join(tool));
            let found = found.iter().find(|path| path.exists()).unwrap();
            fs::create_dir_all(machine.path("bin")).unwrap();
            symlink(found, machine.path("bin").join(tool)).unwrap();
        }
        let script = fs::read_to_string(root().join("guests/build.sh")).unwrap();
        let debian = machine.path("debian");
        let moved = script.replace("\ndebian=/usr/bin\n", &format!("\ndebian={}\n", debian.display()));
        assert_ne!(
            moved, script,
            "the script names the place of Debian's Rust in another way"
        );
        assert!(!moved.contains("/usr/bin/rustc") && !moved.contains("/usr/bin/cargo"));
        machine.write("checkout/guests/build.sh", &moved);
        machine.program("checkout/guests/python/build.sh", "");
        machine.program("bin/cargo", CARGO);
        machine.user(1000)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    fn program(&self, name: &str, text: &str) {
        self.write(name, &format!("#!/bin/sh\n{text}\n"));
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn user(self, id: u32) -> Self {
        self.program("bin/id", &format!("echo {id}"));
        self
    }

    /// With rustup, its targets, and those that it has once it has added one.
    fn rustup(self, targets: &str, can_add: Option<&str>) -> Self {
        self.program("bin/rustup", RUSTUP);
        self.write("targets", targets);
        if let Some(targets) = can_add {
            self.write("can-add", targets);
        }
        self
    }

    /// With Debian's Rust, its sources and lld, below a place.
    fn debian(self, below: &str) -> Self {
        self.program(&format!("{below}debian/rustc"), RUSTC);
        self.program(&format!("{below}debian/cargo"), CARGO);
        self.program(&format!("{below}bin/wasm-ld"), "");
        self.write(&format!("{below}sysroot/lib/rustlib/src/rust/library/Cargo.lock"), "");
        self
    }

    fn apt(self) -> Self {
        self.program("bin/apt-get", APT);
        fs::create_dir_all(self.path("packages")).unwrap();
        self
    }

    /// What the script says, and whether it ends well.
    fn build(&self, forced: &str) -> (bool, String) {
        let output = Command::new("/bin/bash")
            .arg(self.path("checkout/guests/build.sh"))
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("MACHINE", self.0.path())
            .env("OOMNITZA_GUESTS", forced)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let said = said.replace(self.0.path().to_str().unwrap(), "[MACHINE]");
        (output.status.success(), said)
    }

    /// What the script says where it ends well, and the call of cargo that it comes to.
    fn builds(&self, forced: &str) -> (Vec<String>, String) {
        let (is_well, said) = self.build(forced);
        assert!(is_well, "{said}");
        let (cargo, said): (Vec<&str>, Vec<&str>) = said.lines().partition(|line| line.starts_with("cargo: "));
        let [cargo] = cargo.as_slice() else { panic!("{cargo:?}") };
        (said.into_iter().map(str::to_owned).collect(), (*cargo).to_owned())
    }
}

const TARGET: &str = "wasm32-unknown-unknown\n";
const OTHERS: &str = "wasm32-unknown-unknown-not\nx86_64-unknown-linux-gnu\n";
const WITH_RUSTUP: &str = "guests: building with rustup's wasm32-unknown-unknown";
const FROM_SOURCE: &str = "guests: building with rustc 1.95.0 (Debian), standard library from source";
const NO_LIBRARY: &str = "guests: error: there is no WebAssembly standard library: rustup has no target wasm32-unknown-unknown, and \
    Debian's Rust with its sources is not installed\n\
    hint: run: rustup target add wasm32-unknown-unknown   or: apt-get install rustc-web cargo-web rust-web-src lld\n";

fn is_rustup(cargo: &str) -> bool {
    cargo.starts_with("cargo: [MACHINE]/bin/cargo build --quiet --profile guest --target wasm32-unknown-unknown ")
        && cargo.contains(" -p connector-okta ")
        && cargo.ends_with(" RUSTC= BOOTSTRAP= RUSTFLAGS=-C target-feature=+simd128,+bulk-memory")
}

fn is_source(cargo: &str) -> bool {
    cargo.starts_with("cargo: [MACHINE]/debian/cargo build --quiet --profile guest --target wasm32-unknown-unknown ")
        && cargo.contains(" -Zbuild-std=std,panic_abort -p connector-airwatch ")
        && cargo
            .ends_with(" RUSTC=[MACHINE]/debian/rustc BOOTSTRAP=1 RUSTFLAGS=-C target-feature=+simd128,+bulk-memory")
}

#[test]
fn rustup_s_target_is_taken_where_it_is_installed() {
    let (said, cargo) = Machine::new().rustup(TARGET, None).debian("").builds("");
    assert_eq!(said, [WITH_RUSTUP]);
    assert!(is_rustup(&cargo), "{cargo}");
}

#[test]
fn debian_s_rust_is_taken_where_it_is_there_and_the_target_is_not() {
    for machine in [Machine::new(), Machine::new().rustup(OTHERS, Some(TARGET))] {
        let (said, cargo) = machine.debian("").builds("");
        assert_eq!(said, [FROM_SOURCE]);
        assert!(is_source(&cargo), "{cargo}");
    }
}

#[test]
fn rustup_adds_its_target_where_there_is_nothing_else() {
    let (said, cargo) = Machine::new().rustup(OTHERS, Some(TARGET)).builds("");
    assert_eq!(
        said,
        ["guests: adding rustup's target wasm32-unknown-unknown", WITH_RUSTUP]
    );
    assert!(is_rustup(&cargo), "{cargo}");
}

#[test]
fn root_installs_debian_s_rust_where_rustup_cannot_add_its_target() {
    let installing = "guests: installing Debian's Rust, its sources and lld";
    // One that fails, and one that says that it has added it and has not.
    for can_add in [None, Some(OTHERS)] {
        let machine = Machine::new().user(0).rustup(OTHERS, can_add).apt().debian("packages/");
        let (said, cargo) = machine.builds("");
        let adding = [
            "guests: adding rustup's target wasm32-unknown-unknown",
            "guests: rustup cannot add it here",
        ];
        assert_eq!(said, [adding.as_slice(), &[installing, FROM_SOURCE]].concat());
        assert!(is_source(&cargo), "{cargo}");
        let log = fs::read_to_string(machine.path("checkout/target/guests-install.log")).unwrap();
        let packages = "rustc-web cargo-web rust-web-src lld";
        let asked = format!("apt-get: update\napt-get: install -y --no-install-recommends {packages}\n");
        assert_eq!(log, asked);
    }
    let (said, _) = Machine::new().user(0).apt().debian("packages/").builds("");
    assert_eq!(said, [installing, FROM_SOURCE]);
}

#[test]
fn where_nothing_can_be_had_the_remedy_is_said() {
    // Nobody who may install; and packages that are not to be had.
    assert_eq!(
        Machine::new().apt().debian("packages/").build(""),
        (false, NO_LIBRARY.to_owned())
    );
    let installing = "guests: installing Debian's Rust, its sources and lld\n";
    let without = Machine::new().user(0).apt().build("");
    assert_eq!(without, (false, format!("{installing}{NO_LIBRARY}")));
    // Without one of its parts Debian's Rust is of no use.
    for part in [
        "debian/rustc",
        "debian/cargo",
        "bin/wasm-ld",
        "sysroot/lib/rustlib/src/rust/library/Cargo.lock",
    ] {
        let machine = Machine::new().debian("");
        fs::remove_file(machine.path(part)).unwrap();
        assert_eq!(machine.build(""), (false, NO_LIBRARY.to_owned()), "{part}");
    }
}

#[test]
fn a_way_can_be_forced() {
    let both = Machine::new().rustup(TARGET, None).debian("");
    assert!(is_source(&both.builds("source").1));
    assert!(is_rustup(&both.builds("rustup").1));
    let none = Machine::new().rustup(OTHERS, Some(TARGET)).debian("");
    let said = "guests: error: rustup has no target wasm32-unknown-unknown\nhint: run: rustup target add wasm32-unknown-unknown\n";
    assert_eq!(none.build("rustup"), (false, said.to_owned()));
    let said = "guests: error: OOMNITZA_GUESTS is 'debian'\nhint: it can be rustup or source\n";
    assert_eq!(none.build("debian"), (false, said.to_owned()));
}
