//! Files that are no connectors of ours, refused before anything of them runs (H-09, H-11 to H-13, H-61).

use oomnitza_connector::sandbox::Limits;
use wasm_encoder::{
    AbstractHeapType, BlockType, CodeSection, Component, ConstExpr, EntityType, FieldType, Function, FunctionSection,
    GlobalSection, GlobalType, HeapType, ImportSection, InstructionSink, MemorySection, MemoryType, Module,
    ModuleSection, RefType, StorageType, TableSection, TableType, TagKind, TagSection, TagType, TypeSection, ValType,
};
use wit_parser::Resolve;

use crate::attack::{hostile_bytes, load, loader, loader_with};
use crate::raw::{Raw, memory, table, wrap};

fn refusal(bytes: &[u8]) -> String {
    load(loader(), bytes)
        .err()
        .map_or_else(|| "taken".to_owned(), |error| error.to_string())
}

/// H-11
#[test]
fn what_is_not_a_component_is_named() {
    let hostile = hostile_bytes();
    let not = |what: &str| format!("this is not a WebAssembly component: {what}");
    for (bytes, expected) in [
        (&b""[..], not("the file is empty")),
        (&hostile[..3], not("it is text")),
        (
            b"\0asm\x01\0\0\0",
            not("it is a core module; a component has to be made of it"),
        ),
        (b"\0asm\x63\0\x01\0", not("it is WebAssembly of another version")),
        (b"(component)", not("it is text")),
        (
            b"\x7fELF\x02\x01\x01",
            not("it is a native or already compiled file, which is never loaded"),
        ),
        (b"PK\x03\x04", not("it is an archive")),
        (
            b"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8",
            not("its first bytes are none of WebAssembly's"),
        ),
    ] {
        assert_eq!(refusal(bytes), expected);
    }
}

/// H-11: cut off anywhere, or with any bit turned, it is refused or it is a component. It is never a crash.
#[test]
fn a_damaged_component_is_refused_or_runs() {
    let whole = Raw::new().component();
    assert_eq!(refusal(&whole), "taken");
    for end in (8..whole.len()).step_by(97) {
        assert_ne!(refusal(&whole[..end]), "taken", "{end}");
    }
    for at in (0..whole.len()).step_by(61) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        _ = refusal(&damaged);
    }
}

/// H-09: a file has a size, whatever is in it.
#[test]
fn a_component_that_is_too_large_is_not_looked_at() {
    let limits = Limits {
        component_bytes: 100,
        ..Limits::default()
    };
    let error = load(&loader_with(limits), &[0; 101]).err().unwrap();
    assert_eq!(error.to_string(), "the component has 101 bytes, the limit is 100");
}

/// A component whose only import is the function `f` of this interface.
fn importing(package: &str, interface: &str) -> Vec<u8> {
    let (name, version) = package
        .split_once('@')
        .map_or((package, String::new()), |(name, version)| {
            (name, format!("@{version}"))
        });
    let text =
        format!("package {package};\ninterface {interface} {{ f: func(); }}\nworld w {{ import {interface}; }}\n");
    let mut resolve = Resolve::default();
    let package = resolve.push_source("test.wit", &text).unwrap();
    let world = resolve.select_world(&[package], Some("w")).unwrap();
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut imports = ImportSection::new();
    imports.import(&format!("{name}/{interface}{version}"), "f", EntityType::Function(0));
    let mut module = Module::new();
    module.section(&types).section(&imports);
    wrap(module.finish(), &resolve, world)
}

/// H-12, H-13: another world's interfaces, secrets that could be revealed, and our own in another version.
#[test]
fn imports_that_no_host_of_ours_offers_are_named() {
    let foreign = |name: &str| format!("the component imports `{name}`, which this host does not offer to a connector");
    let version = |version: &str| {
        format!("the component was built for version {version} of the contract, this host supports 0.1.0")
    };
    for (package, interface, expected) in [
        ("wasi:sockets@0.2.0", "tcp", foreign("wasi:sockets/tcp@0.2.0")),
        (
            "wasi:http@0.2.0",
            "outgoing-handler",
            foreign("wasi:http/outgoing-handler@0.2.0"),
        ),
        (
            "wasi:filesystem@0.2.0",
            "preopens",
            foreign("wasi:filesystem/preopens@0.2.0"),
        ),
        ("wasi:cli@0.2.0", "environment", foreign("wasi:cli/environment@0.2.0")),
        ("evil:x", "y", foreign("evil:x/y")),
        (
            "oomnitza:connector@0.1.0",
            "reveal",
            foreign("oomnitza:connector/reveal@0.1.0"),
        ),
        (
            "oomnitza:connector-evil@0.1.0",
            "log",
            foreign("oomnitza:connector-evil/log@0.1.0"),
        ),
        ("oomnitza:connector@9.9.0", "log", version("9.9.0")),
        ("oomnitza:connector@0.1.0-rc.1", "log", version("0.1.0-rc.1")),
        ("oomnitza:connector", "log", version("none")),
        (
            "oomnitza:connector@0.1.0",
            "log",
            "the component does not export `oomnitza:connector/source@0.1.0`".to_owned(),
        ),
    ] {
        assert_eq!(refusal(&importing(package, interface)), expected);
    }
}

/// A component around a module that is made of this.
fn around(sections: impl FnOnce(&mut Module)) -> Vec<u8> {
    let mut module = Module::new();
    sections(&mut module);
    let mut component = Component::new();
    component.section(&ModuleSection(&module));
    component.finish()
}

/// A module with one function, of type 0, without parameters.
fn function(results: &[ValType], code: impl FnOnce(&mut InstructionSink<'_>)) -> Vec<u8> {
    around(|module| {
        let mut types = TypeSection::new();
        types.ty().function([], results.iter().copied());
        let mut functions = FunctionSection::new();
        functions.function(0);
        let mut memories = MemorySection::new();
        memories.memory(memory(1));
        let mut function = Function::new([]);
        code(&mut function.instructions());
        function.instructions().end();
        let mut bodies = CodeSection::new();
        bodies.function(&function);
        module
            .section(&types)
            .section(&functions)
            .section(&memories)
            .section(&bodies);
    })
}

fn memories(memories: &[MemoryType]) -> Vec<u8> {
    around(|module| {
        let mut section = MemorySection::new();
        for memory in memories {
            section.memory(*memory);
        }
        module.section(&section);
    })
}

/// H-61: each proposal is surface for a guest to attack, and connectors need none of them.
#[test]
fn proposals_that_are_switched_off_do_not_compile() {
    let shared = MemoryType {
        shared: true,
        maximum: Some(1),
        ..memory(1)
    };
    let wide = MemoryType {
        memory64: true,
        ..memory(1)
    };
    let small_pages = MemoryType {
        page_size_log2: Some(0),
        ..memory(1)
    };
    let wide_table = around(|module| {
        let mut tables = TableSection::new();
        tables.table(TableType {
            table64: true,
            ..table(1)
        });
        module.section(&tables);
    });
    let structure = around(|module| {
        let mut types = TypeSection::new();
        types.ty().struct_([FieldType {
            element_type: StorageType::Val(ValType::I32),
            mutable: true,
        }]);
        module.section(&types);
    });
    let exception = around(|module| {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut tags = TagSection::new();
        tags.tag(TagType {
            kind: TagKind::Exception,
            func_type_idx: 0,
        });
        module.section(&types).section(&tags);
    });
    let reference = around(|module| {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut globals = GlobalSection::new();
        let heap_type = HeapType::Concrete(0);
        let typed = RefType {
            nullable: true,
            heap_type,
        };
        globals.global(
            GlobalType {
                val_type: ValType::Ref(typed),
                mutable: false,
                shared: false,
            },
            &ConstExpr::ref_null(heap_type),
        );
        module.section(&types).section(&globals);
    });
    let collected = around(|module| {
        let mut types = TypeSection::new();
        let heap_type = HeapType::Abstract {
            shared: false,
            ty: AbstractHeapType::I31,
        };
        types.ty().function(
            [ValType::Ref(RefType {
                nullable: true,
                heap_type,
            })],
            [],
        );
        module.section(&types);
    });
    let continuation = around(|module| {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        types.ty().cont(&wasm_encoder::ContType(0));
        module.section(&types);
    });
    let mut others = Vec::new();
    for (proposal, bytes, expected) in [
        (
            "threads",
            memories(&[shared]),
            "threads must be enabled for shared memories",
        ),
        (
            "memory64",
            memories(&[wide]),
            "memory64 must be enabled for 64-bit memories",
        ),
        (
            "memory64 for tables",
            wide_table,
            "memory64 must be enabled for 64-bit tables",
        ),
        ("multi-memory", memories(&[memory(1), memory(1)]), "multiple memories"),
        (
            "custom page sizes",
            memories(&[small_pages]),
            "the custom page sizes proposal must be enabled",
        ),
        ("gc", structure, "not supported without the gc feature"),
        ("i31", collected, "gc"),
        ("exceptions", exception, "exceptions proposal not enabled"),
        ("function references", reference, "function references"),
        ("stack switching", continuation, "stack switching is disabled"),
        (
            "tail call",
            function(&[], |code| {
                code.return_call(0);
            }),
            "tail calls support is not enabled",
        ),
        (
            "relaxed simd",
            function(&[ValType::V128], |code| {
                code.v128_const(0).i32x4_relaxed_trunc_f32x4_s();
            }),
            "relaxed SIMD support is not enabled",
        ),
        (
            "wide arithmetic",
            function(&[ValType::I64; 2], |code| {
                code.i64_const(0).i64_const(0).i64_mul_wide_s();
            }),
            "wide arithmetic support is not enabled",
        ),
        (
            "atomics",
            function(&[], |code| {
                code.atomic_fence();
            }),
            "threads support is not enabled",
        ),
        (
            "exceptions in code",
            function(&[], |code| {
                code.try_table(BlockType::Empty, []).end();
            }),
            "exceptions support is not enabled",
        ),
    ] {
        let said = refusal(&bytes);
        if !said.starts_with("the component cannot be compiled: ") || !said.contains(expected) {
            others.push(format!("{proposal}: {said}"));
        }
    }
    assert_eq!(others, Vec::<String>::new());
    let plain = function(&[ValType::V128], |code| {
        code.v128_const(0).i32x4_neg();
    });
    assert_eq!(
        refusal(&plain),
        "the component does not export `oomnitza:connector/source@0.1.0`",
        "what connectors use compiles"
    );
}
