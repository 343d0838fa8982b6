//! What a directory can get wrong.

use std::time::Duration;

/// Something that happens to one search, or one page of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is refused.
    Refuse {
        /// Result code (RFC 4511 section 4.1.9): 51 for busy, say.
        code: u8,
        /// What the directory says to that.
        message: String,
    },
    /// The connection is closed instead.
    HangUp,
    /// Half of the entries' bytes, and then the connection is closed.
    CutPage,
    /// The right answer, late.
    Wait(Duration),
    /// A page without entries, and a cookie to go on with: RFC 2696 allows it, and Active Directory does it.
    EmptyPage,
    /// Paging is ignored, and the answer has no control: what servers do that know none.
    NoPaging,
    /// Something that is not LDAP.
    Garbage,
}
