//! Components that no compiler would make: a core module of hand-written functions, wrapped against the contract of `wit/`.
//!
//! The functions stand at the border as the canonical ABI has it: results come back as the address of a place in memory, whose bytes
//! the test lays out.

use std::path::Path;

use oomnitza_connector::sandbox::{Error, Loaded};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, ElementSection, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, ImportSection, InstructionSink, MemorySection, MemoryType, Module, RefType, StartSection,
    TableSection, TableType, TypeSection, ValType,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::attack::{self, loader};

const SOURCE: &str = "oomnitza:connector/source@0.1.0";

/// Where each function's result stands.
pub(crate) const CHECKED: i32 = 256;
pub(crate) const OPENED: i32 = 512;
pub(crate) const NEXT: i32 = 1024;
pub(crate) const DESCRIBED: i32 = 2048;
/// Where the host may write.
pub(crate) const HEAP: i32 = 0x4000;
/// Where nothing is.
pub(crate) const BEYOND: u32 = 0xffff_fff0;

/// Makes a new handle of the exported resource out of a number.
pub(crate) const NEW: u32 = 0;

type Code = Box<dyn Fn(&mut InstructionSink<'_>)>;

/// A component in the making. Without changes it has one empty page after the other.
pub(crate) struct Raw {
    imports: Vec<(String, String, Vec<ValType>, Vec<ValType>)>,
    data: Vec<(i32, Vec<u8>)>,
    pub(crate) memory_pages: u64,
    pub(crate) tables: Vec<u64>,
    pub(crate) start: Option<Code>,
    pub(crate) describe: Code,
    pub(crate) check: Code,
    pub(crate) open: Code,
    pub(crate) next: Code,
    pub(crate) realloc: Code,
    pub(crate) post_return: Code,
}

impl Raw {
    pub(crate) fn new() -> Self {
        use ValType::I32;
        let page = words(&[0, 1, 4000, 2, 0, 0, 0, 0, 0]);
        let raw = Self {
            imports: Vec::new(),
            data: vec![(NEXT, page), (4000, b"[]".to_vec())],
            memory_pages: 1,
            tables: Vec::new(),
            start: None,
            describe: constant(DESCRIBED),
            check: constant(CHECKED),
            open: Box::new(|code| {
                code.i32_const(OPENED)
                    .i32_const(7)
                    .call(NEW)
                    .i32_store(at(4))
                    .i32_const(OPENED);
            }),
            next: constant(NEXT),
            realloc: constant(HEAP),
            post_return: Box::new(|_| ()),
        };
        raw.import(&format!("[export]{SOURCE}"), "[resource-new]sync", &[I32], &[I32])
    }

    /// Another import; the first has number 1.
    pub(crate) fn import(mut self, module: &str, name: &str, parameters: &[ValType], results: &[ValType]) -> Self {
        self.imports.push((
            module.to_owned(),
            name.to_owned(),
            parameters.to_vec(),
            results.to_vec(),
        ));
        self
    }

    pub(crate) fn imports_log(self) -> Self {
        self.import("oomnitza:connector/log@0.1.0", "write", &[ValType::I32; 3], &[])
    }

    /// With these bytes in memory.
    pub(crate) fn data(mut self, address: i32, bytes: &[u8]) -> Self {
        self.data.push((address, bytes.to_vec()));
        self
    }

    /// With a page laid out like this: result, option, records, cursor, misses.
    pub(crate) fn page(self, page: [u32; 9]) -> Self {
        self.data(NEXT, &words(&page))
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(crate) fn load(&self) -> Result<Loaded, Error> {
        attack::load(loader(), &self.component())
    }

    pub(crate) fn component(&self) -> Vec<u8> {
        let mut resolve = Resolve::default();
        let (package, _) = resolve
            .push_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit"))
            .unwrap();
        let world = resolve.select_world(&[package], Some("connector")).unwrap();
        wrap(self.module(), &resolve, world)
    }

    fn module(&self) -> Vec<u8> {
        use ValType::{I32, I64};
        let of_sync: Vec<ValType> = [vec![I32; 9], vec![I64, I32]].concat();
        let functions: [(String, Vec<ValType>, Vec<ValType>, &Code); 6] = [
            (format!("{SOURCE}#describe"), vec![], vec![I32], &self.describe),
            (format!("{SOURCE}#check"), vec![I32; 2], vec![I32], &self.check),
            (format!("{SOURCE}#[static]sync.open"), of_sync, vec![I32], &self.open),
            (format!("{SOURCE}#[method]sync.next"), vec![I32], vec![I32], &self.next),
            (
                format!("cabi_post_{SOURCE}#[method]sync.next"),
                vec![I32],
                vec![],
                &self.post_return,
            ),
            ("cabi_realloc".to_owned(), vec![I32; 4], vec![I32], &self.realloc),
        ];
        let (mut types, mut imports, mut declared) = (TypeSection::new(), ImportSection::new(), FunctionSection::new());
        let (mut exports, mut code) = (ExportSection::new(), CodeSection::new());
        for (number, (module, name, parameters, results)) in (0..).zip(&self.imports) {
            types.ty().function(parameters.clone(), results.clone());
            imports.import(module, name, EntityType::Function(number));
        }
        let first = imports.len();
        let mut add = |parameters: &[ValType], results: &[ValType], body: &Code| {
            declared.function(types.len());
            types.ty().function(parameters.to_vec(), results.to_vec());
            let mut function = Function::new([]);
            body(&mut function.instructions());
            function.instructions().end();
            code.function(&function);
        };
        for (number, (name, parameters, results, body)) in (first..).zip(&functions) {
            add(parameters, results, body);
            exports.export(name, ExportKind::Func, number);
        }
        if let Some(start) = &self.start {
            add(&[], &[], start);
        }
        exports.export("memory", ExportKind::Memory, 0);
        let mut memories = MemorySection::new();
        memories.memory(memory(self.memory_pages));
        let mut tables = TableSection::new();
        for elements in &self.tables {
            tables.table(table(*elements));
        }
        let mut data = DataSection::new();
        for (address, bytes) in &self.data {
            data.active(0, &ConstExpr::i32_const(*address), bytes.iter().copied());
        }
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&declared);
        module.section(&tables).section(&memories).section(&exports);
        if self.start.is_some() {
            module.section(&StartSection {
                function_index: first + functions.len() as u32,
            });
        }
        module.section(&ElementSection::new()).section(&code).section(&data);
        module.finish()
    }
}

/// A component of a module and a world.
pub(crate) fn wrap(mut module: Vec<u8>, resolve: &Resolve, world: wit_parser::WorldId) -> Vec<u8> {
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .unwrap()
        .encode()
        .unwrap()
}

/// A function that comes back with this number.
pub(crate) fn constant(number: i32) -> Code {
    Box::new(move |code| {
        code.i32_const(number);
    })
}

/// A function that never comes back.
pub(crate) fn endless() -> Code {
    Box::new(|code| {
        code.loop_(BlockType::Empty).br(0).end().unreachable();
    })
}

/// A function of these instructions.
pub(crate) fn code(code: impl Fn(&mut InstructionSink<'_>) + 'static) -> Code {
    Box::new(code)
}

pub(crate) fn at(offset: u64) -> wasm_encoder::MemArg {
    wasm_encoder::MemArg {
        offset,
        align: 0,
        memory_index: 0,
    }
}

pub(crate) fn memory(pages: u64) -> MemoryType {
    MemoryType {
        minimum: pages,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    }
}

pub(crate) fn table(elements: u64) -> TableType {
    TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: elements,
        maximum: None,
        shared: false,
    }
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
