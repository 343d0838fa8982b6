//! What a connector implements, and how it becomes a component.

use std::cell::RefCell;
use std::marker::PhantomData;

use crate::bindings::exports::oomnitza::connector::source::{self as wit, Guest, GuestSync};
use crate::{Description, Error, Page, Settings, Wanted, details, http};

/// What a call of a connector gives.
pub type Result<T> = std::result::Result<T, Error>;

impl Wanted {
    /// The members of a record that mappings use: the first steps of the source paths.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().filter_map(|path| path.split('.').next())
    }

    /// Whether a run has a use for this member of a record.
    pub fn uses(&self, member: &str) -> bool {
        self.everything || self.members().any(|used| used == member)
    }
}

/// A source: what it is, and its records, page by page.
pub trait Connector: Sized + 'static {
    /// What it says about itself. It says the same every time and asks nobody.
    fn describe() -> Description;

    /// Signs in and reads as little as shows that a run can work.
    fn check(settings: Settings) -> Result<()>;

    /// Starts a run, from the cursor of an earlier one or from the beginning.
    fn open(settings: Settings, cursor: Option<String>, wanted: Wanted) -> Result<Self>;

    /// The next page of records; none at the end.
    fn next(&mut self) -> Result<Option<Page>>;
}

/// A page of a run, or its end, which waits until the run has said why it could not go on.
pub(crate) fn next<C: Connector>(connector: &mut C) -> Result<Option<Page>> {
    http::begin_call();
    let page = connector.next()?;
    if page.is_none() {
        details::settle()?;
    }
    Ok(page)
}

/// A connector as the contract sees it.
pub struct Exported<C>(PhantomData<C>);

/// A run as the contract sees it.
pub struct Run<C>(RefCell<C>);

impl<C: Connector> Guest for Exported<C> {
    type Sync = Run<C>;

    fn describe() -> wit::Description {
        C::describe().into_wit()
    }

    fn check(settings: wit::Settings) -> std::result::Result<(), wit::Error> {
        report_panics();
        http::begin_call();
        C::check(Settings::new(settings)).map_err(Error::into_wit)
    }
}

impl<C: Connector> GuestSync for Run<C> {
    fn open(
        settings: wit::Settings,
        cursor: Option<String>,
        want: Wanted,
    ) -> std::result::Result<wit::Sync, wit::Error> {
        report_panics();
        http::begin_call();
        details::begin_run();
        let connector = C::open(Settings::new(settings), cursor, want).map_err(Error::into_wit)?;
        Ok(wit::Sync::new(Self(RefCell::new(connector))))
    }

    fn next(&self) -> std::result::Result<Option<wit::Page>, wit::Error> {
        let page = next(&mut *self.0.borrow_mut()).map_err(Error::into_wit)?;
        Ok(page.map(Page::into_wit))
    }
}

/// A panic ends the run; its message goes to the log first, where the host finds it.
fn report_panics() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|panic| {
        crate::log::write(crate::log::Level::Error, &panic.to_string())
    }));
}

#[cfg(test)]
mod tests {
    use crate::testing::wanted;

    #[test]
    fn a_member_is_used_by_its_first_step_or_where_everything_is_asked_for() {
        let mut wanted = wanted(&["network.ip", "name"]);
        assert_eq!(wanted.members().collect::<Vec<_>>(), ["network", "name"]);
        assert!(wanted.uses("network") && !wanted.uses("net") && !wanted.uses("ip"));
        wanted.everything = true;
        assert!(wanted.uses("ip"));
    }
}
