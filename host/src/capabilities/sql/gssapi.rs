//! The platform's own Kerberos by its GSS-API (RFC 2744), loaded when it is needed for the first time.
//!
//! The one place here that calls C. What is handed to the library outlives the call; what it hands out is copied, and given back to it.

#![expect(unsafe_code, reason = "the platform's Kerberos is a library in C")]

use std::error::Error as _;
use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::OnceLock;

use super::kerberos::{Failure, Step};

/// Where the library is: MIT's, as Linux has it, or Apple's. None where there is none with these functions.
const LIBRARY: Option<&str> = if cfg!(target_os = "linux") {
    Some("libgssapi_krb5.so.2")
} else if cfg!(target_os = "macos") {
    Some("/System/Library/Frameworks/GSS.framework/GSS")
} else {
    None
};

/// Bits of a status: errors, and that the other side has something to say.
const ERRORS: u32 = 0xffff_0000;
const CONTINUES: u32 = 1;

/// The error of a token that is none.
const DEFECTIVE_TOKEN: u32 = 9;

/// What is asked of a context: that the server proves who it is, and that messages could be signed. The ticket is not handed on.
const MUTUAL: u32 = 2;
const FLAGS: u32 = MUTUAL | 32;

/// Whose status is to be put into words: GSS-API's own, or the mechanism's.
const OF_GSSAPI: c_int = 1;
const OF_KERBEROS: c_int = 2;

/// No more texts than this are taken of one status.
const MAX_TEXTS: usize = 4;

/// `gss_buffer_desc`
#[repr(C)]
struct Buffer {
    length: usize,
    value: *mut c_void,
}

impl Buffer {
    const EMPTY: Self = Self {
        length: 0,
        value: ptr::null_mut(),
    };

    /// Of bytes that are read and never written to.
    const fn of(bytes: &[u8]) -> Self {
        Self {
            length: bytes.len(),
            value: bytes.as_ptr().cast_mut().cast(),
        }
    }
}

/// `gss_OID_desc`, which Apple packs on Intel's processors.
#[cfg_attr(all(target_os = "macos", target_arch = "x86_64"), repr(C, packed(2)))]
#[cfg_attr(not(all(target_os = "macos", target_arch = "x86_64")), repr(C))]
struct Oid {
    length: u32,
    elements: *const c_void,
}

// SAFETY: the ones there are point to bytes of the program that nobody changes.
unsafe impl Sync for Oid {}

impl Oid {
    const fn of<const LENGTH: usize>(bytes: &'static [u8; LENGTH]) -> Self {
        Self {
            length: LENGTH as u32,
            elements: bytes.as_ptr().cast(),
        }
    }
}

/// Kerberos 5 (RFC 1964), 1.2.840.113554.1.2.2, and the form of a name that is a principal's as it stands, with a 1 more.
static KERBEROS: Oid = Oid::of(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02");
static PRINCIPAL: Oid = Oid::of(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01");

type ImportName = unsafe extern "C" fn(*mut u32, *const Buffer, *const Oid, *mut *mut c_void) -> u32;
type InitSecContext = unsafe extern "C" fn(
    *mut u32,
    *mut c_void,
    *mut *mut c_void,
    *mut c_void,
    *const Oid,
    u32,
    u32,
    *mut c_void,
    *const Buffer,
    *mut *mut Oid,
    *mut Buffer,
    *mut u32,
    *mut u32,
) -> u32;
type DisplayStatus = unsafe extern "C" fn(*mut u32, u32, c_int, *const Oid, *mut u32, *mut Buffer) -> u32;
type ReleaseBuffer = unsafe extern "C" fn(*mut u32, *mut Buffer) -> u32;
type ReleaseName = unsafe extern "C" fn(*mut u32, *mut *mut c_void) -> u32;
type DeleteSecContext = unsafe extern "C" fn(*mut u32, *mut *mut c_void, *mut Buffer) -> u32;

/// The functions of the library that are used.
struct Library {
    import_name: ImportName,
    init_sec_context: InitSecContext,
    display_status: DisplayStatus,
    release_buffer: ReleaseBuffer,
    release_name: ReleaseName,
    delete_sec_context: DeleteSecContext,
}

impl Library {
    /// The platform's.
    fn of_platform() -> Result<&'static Self, Failure> {
        static LOADED: OnceLock<Result<Library, Failure>> = OnceLock::new();
        let load = || Self::load(LIBRARY.ok_or(Failure::NotOffered)?);
        LOADED.get_or_init(load).as_ref().map_err(Clone::clone)
    }

    fn load(name: &str) -> Result<Self, Failure> {
        // What the system says of it stands in the source.
        let missing = |error: libloading::Error| {
            let said = error.source().map(ToString::to_string);
            Failure::NotThere(said.unwrap_or_else(|| error.to_string()))
        };
        // SAFETY: it is the system's own, from where the system's loader finds it for any program that is linked with it.
        let library = unsafe { libloading::Library::new(name) }.map_err(missing)?;
        // SAFETY: these are the declarations of RFC 2744, appendix A, as MIT's and Apple's headers have them.
        let functions = unsafe {
            Self {
                import_name: *library.get(c"gss_import_name").map_err(missing)?,
                init_sec_context: *library.get(c"gss_init_sec_context").map_err(missing)?,
                display_status: *library.get(c"gss_display_status").map_err(missing)?,
                release_buffer: *library.get(c"gss_release_buffer").map_err(missing)?,
                release_name: *library.get(c"gss_release_name").map_err(missing)?,
                delete_sec_context: *library.get(c"gss_delete_sec_context").map_err(missing)?,
            }
        };
        // Never unloaded: the functions are used until the program ends.
        std::mem::forget(library);
        Ok(functions)
    }

    /// What the library put into a buffer, which it gets back.
    fn take(&self, mut buffer: Buffer) -> Vec<u8> {
        let bytes = if buffer.value.is_null() {
            Vec::new()
        } else {
            // SAFETY: the library says that so many bytes are there, and they stay until they are given back below.
            unsafe { std::slice::from_raw_parts(buffer.value.cast::<u8>(), buffer.length) }.to_vec()
        };
        let mut minor = 0;
        // SAFETY: the buffer is the library's, and not used any more.
        unsafe { (self.release_buffer)(&raw mut minor, &raw mut buffer) };
        bytes
    }

    /// Whether a call did what it was to do. Asked on the thread of the call, for which the library keeps the text.
    fn judge(&self, major: u32, minor: u32) -> Result<(), Failure> {
        if major & ERRORS == 0 {
            return Ok(());
        }
        // Kerberos says what is wrong, but of a token that is none, which it never gets to see.
        let text = if minor == 0 || major >> 16 == DEFECTIVE_TOKEN {
            self.words(major & ERRORS, OF_GSSAPI)
        } else {
            self.words(minor, OF_KERBEROS)
        };
        Err(Failure::Refused { major, minor, text })
    }

    fn words(&self, status: u32, whose: c_int) -> String {
        let mut texts = Vec::new();
        let mut more = 0;
        for _ in 0..MAX_TEXTS {
            let (mut minor, mut text) = (0, Buffer::EMPTY);
            // SAFETY: all pointers are to values that live here, and to an OID that lives for ever.
            let major = unsafe {
                (self.display_status)(
                    &raw mut minor,
                    status,
                    whose,
                    &raw const KERBEROS,
                    &raw mut more,
                    &raw mut text,
                )
            };
            texts.push(String::from_utf8_lossy(&self.take(text)).into_owned());
            if major & ERRORS != 0 || more == 0 {
                break;
            }
        }
        texts.retain(|text| !text.is_empty());
        texts.join("; ")
    }
}

/// The client's side of a login with the ticket, or the keytab, that the library finds by itself.
pub(super) struct Context {
    library: &'static Library,
    server: *mut c_void,
    context: *mut c_void,
}

// SAFETY: neither a name nor a context belongs to the thread that made it; they are used by one thread at a time, as `&mut` has it.
unsafe impl Send for Context {}

impl Context {
    /// For a server that is called so in Kerberos.
    pub(super) fn new(principal: &str) -> Result<Self, Failure> {
        let library = Library::of_platform()?;
        let name = Buffer::of(principal.as_bytes());
        let (mut minor, mut server) = (0, ptr::null_mut());
        // SAFETY: all pointers are to values that live here, and to an OID that lives for ever; the library copies the name.
        let major =
            unsafe { (library.import_name)(&raw mut minor, &raw const name, &raw const PRINCIPAL, &raw mut server) };
        library.judge(major, minor)?;
        Ok(Self {
            library,
            server,
            context: ptr::null_mut(),
        })
    }

    /// The first step, or the one that the server's answer makes possible. The first one talks to the realm's servers, and waits for them.
    pub(super) fn step(&mut self, answer: Option<&[u8]>) -> Result<Step, Failure> {
        let answer = answer.map(Buffer::of);
        let (mut minor, mut flags, mut token) = (0, 0, Buffer::EMPTY);
        // SAFETY: all pointers are to values that live here or in `self`, null where RFC 2744 lets them be (the default credential, no
        // limit of time, no channel bindings, and what is not wanted back), and to an OID that lives for ever.
        let major = unsafe {
            (self.library.init_sec_context)(
                &raw mut minor,
                ptr::null_mut(),
                &raw mut self.context,
                self.server,
                &raw const KERBEROS,
                FLAGS,
                0,
                ptr::null_mut(),
                answer.as_ref().map_or(ptr::null(), ptr::from_ref),
                ptr::null_mut(),
                &raw mut token,
                &raw mut flags,
                ptr::null_mut(),
            )
        };
        let judged = self.library.judge(major, minor);
        let token = self.library.take(token);
        judged?;
        Ok(Step {
            token,
            is_proved: major & CONTINUES == 0 && flags & MUTUAL != 0,
        })
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: both are the library's own or null, and not used any more; it is not asked for a last message.
        unsafe {
            (self.library.delete_sec_context)(&raw mut minor, &raw mut self.context, ptr::null_mut());
            (self.library.release_name)(&raw mut minor, &raw mut self.server);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_is_not_there_or_another_one_is_said_to_be() {
        for (name, said) in [
            ("libgssapi_krb5.so.none", "libgssapi_krb5.so.none"),
            ("libc.so.6", "gss_import_name"),
        ] {
            let Err(Failure::NotThere(reason)) = Library::load(name).map(|_| ()) else {
                panic!("{name}");
            };
            assert!(reason.contains(said), "{reason}");
        }
    }
}
