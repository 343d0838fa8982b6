//! The contract of `wit/` as Rust types: what [`wasmtime`] makes of its worlds.
//!
//! Generated, so nothing here is written by hand but the choices: every host function is asynchronous (it runs on the guest's
//! fiber and may wait), and every export is called asynchronously.

/// The world of a source connector.
#[expect(missing_docs, reason = "the documentation stands in wit/")]
pub mod connector {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "connector",
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "oomnitza:connector/ldap.connection": crate::capabilities::ldap::Connection,
            "oomnitza:connector/ldap.results": crate::capabilities::ldap::Results,
            "oomnitza:connector/sql.connection": crate::capabilities::sql::Connection,
            "oomnitza:connector/sql.rows": crate::capabilities::sql::Rows,
        },
    });
}

/// The world of the component that runs code of the ini file.
#[expect(missing_docs, reason = "the documentation stands in wit/")]
pub mod script {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "script",
        imports: { default: async | trappable },
        exports: { default: async },
    });
}

/// The world of the mapping component.
#[expect(missing_docs, reason = "the documentation stands in wit/")]
pub mod mapper {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "mapper",
        exports: { default: async },
    });
}
