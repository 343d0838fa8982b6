//! The sandbox by itself: compiling, loading and instantiating a connector. It is compiled as the program does it, in a process
//! of its own.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use oomnitza_connector::capabilities::{clock, http, ldap, log, sql};
use oomnitza_connector::catalog::BuiltIn;
use oomnitza_connector::net::{Egress, Network, Proxies, Timeouts, TlsSettings};
use oomnitza_connector::redact::{Redactor, Secret};
use oomnitza_connector::sandbox::{Capabilities, Connector, Digest, Engine, Granted, Limits, Loader};
use oomnitza_tests::Program;

use crate::size::Size;
use crate::spent::median;
use crate::table::{Aim, Row, Table};

/// The components of the program, as the program carries them.
static BUILT_IN: &[BuiltIn] = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/components/built_in.rs"));

/// The component that was compiled to the built-in one.
static OKTA: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/components/okta.wasm"));

/// How often is compiled and loaded.
const TIMES: usize = 5;

pub(crate) fn measure(size: &Size, table: &mut Table) {
    let engine = Engine::new().expect("the engine starts");
    let limits = Limits::default();
    let loader = Loader::new(engine.clone(), None, limits.clone()).compiling_with(Program::path());
    let okta = BUILT_IN
        .iter()
        .find(|component| component.name == "okta")
        .expect("okta is built in");
    let load = || {
        loader
            .built_in_connector(okta.compiled, okta.digest)
            .expect("okta can be loaded")
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts");
    let compile = || {
        runtime
            .block_on(loader.connector_from_bytes(OKTA))
            .expect("okta can be compiled")
    };
    let seconds = |work: &dyn Fn()| {
        let started = Instant::now();
        work();
        started.elapsed().as_secs_f64()
    };
    let compiling = median((0..TIMES).map(|_| seconds(&|| drop(compile()))));
    let loading = median((0..TIMES * 20).map(|_| seconds(&|| drop(load()))));

    let loaded = load();
    let instantiating: Duration = runtime.block_on(async {
        let mut total = Duration::ZERO;
        for _ in 0..size.instances {
            let capabilities = capabilities();
            let started = Instant::now();
            let instance = Connector::instantiate(&engine, &loaded, &limits, capabilities).await;
            total += started.elapsed();
            drop(instance.expect("okta can be instantiated"));
        }
        total
    });
    let instantiating = instantiating.as_secs_f64() / f64::from(size.instances);

    table.section("sandbox, the okta connector", "");
    let what = format!("instantiate, mean of {}", size.instances);
    table.row(Row::new(&what, "µs", instantiating * 1e6).aim(Aim::Below(100.0)));
    table.row(Row::new("load the compiled component", "ms", loading * 1e3));
    table.row(Row::new("compile the component", "ms", compiling * 1e3));
}

/// What a section of Okta is granted, in a network where nothing is allowed.
fn capabilities() -> Capabilities {
    let network = Network::new(
        Egress::new(Vec::new()),
        TlsSettings::default(),
        Proxies::none(),
        Timeouts::default(),
    );
    let redactor = Redactor::new(std::iter::empty::<&Secret>());
    Capabilities {
        http: http::HttpState::new(
            "okta",
            &network,
            BTreeMap::new(),
            http::Places::default(),
            http::Limits::default(),
            http::Retry::default(),
            redactor.clone(),
        ),
        ldap: ldap::LdapState::new(&network, BTreeMap::new(), ldap::Limits::default(), redactor.clone()),
        sql: sql::SqlState::new(
            &network,
            Vec::new(),
            BTreeMap::new(),
            false,
            sql::Encrypt::default(),
            sql::Limits::default(),
            redactor.clone(),
        ),
        log: log::LogState::new("okta", redactor, log::Limits::default()),
        clock: clock::ClockState::default(),
        granted: Granted {
            http: true,
            ..Granted::default()
        },
    }
}
