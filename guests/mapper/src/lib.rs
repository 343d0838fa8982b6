//! The mapping component: source records in, Oomnitza records out.
//!
//! It has no imports, merges nothing and knows no vendor: the merged mappings come in as a plan, and pages as JSON. It is made for
//! throughput: a record is walked once, the values that the plan names are noted as slices of the page, and most of them are
//! copied to the output as they stand. Only what a converter needs is decoded, and nothing is ever built of a whole record; so integers of any
//! size, and the text of numbers, survive.

mod convert;
mod converters;
mod given;
mod hash;
mod map;
mod plan;
mod reader;

mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "mapper" });
}

use std::cell::RefCell;

use bindings::exports::oomnitza::connector::mapping::{self as wit, Guest, GuestMapper};

use map::Mapping;

/// The component.
pub struct Component;

/// A mapper with its plan.
pub struct Mapper(RefCell<Mapping>);

impl Guest for Component {
    type Mapper = Mapper;
}

impl GuestMapper for Mapper {
    fn open(plan: wit::Plan) -> Result<wit::Mapper, wit::Error> {
        Ok(wit::Mapper::new(Self(RefCell::new(Mapping::new(plan)?))))
    }

    fn map_page(&self, page: Vec<u8>, given: Option<wit::Given>) -> Result<wit::Outcome, wit::Error> {
        self.0.borrow_mut().map_page(page, given)
    }

    fn resolve(&self, answers: Vec<Option<String>>) -> Result<wit::Mapped, wit::Error> {
        self.0.borrow_mut().resolve(answers)
    }

    fn convert(
        &self,
        converter: wit::Converter,
        source: Vec<u8>,
        value: Option<Vec<u8>>,
    ) -> Result<Option<Vec<u8>>, String> {
        self.0.borrow_mut().convert(&converter, &source, value.as_deref())
    }
}

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "generated: the entry points of the component")]
mod entry_points {
    use super::Component;
    crate::bindings::export!(Component with_types_in crate::bindings);
}
