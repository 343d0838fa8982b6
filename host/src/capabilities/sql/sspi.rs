//! Windows's own way to sign in as the user that the program runs as (SSPI): Kerberos, or, where the server is not registered for it, NTLM.
//!
//! With `gssapi`, whose place it takes on Windows, the only one here that calls C. What is handed to the system outlives the call; what it
//! hands out are two handles, which are given back to it.

#![expect(unsafe_code, reason = "Windows signs in by functions in C")]

use std::ptr;

use windows_sys::Win32::Foundation::{SEC_E_OK, SEC_I_CONTINUE_NEEDED};
use windows_sys::Win32::Security::Authentication::Identity::{
    AcquireCredentialsHandleW, DeleteSecurityContext, FreeCredentialsHandle, ISC_REQ_CONNECTION, ISC_REQ_INTEGRITY,
    ISC_REQ_MUTUAL_AUTH, InitializeSecurityContextW, SECBUFFER_TOKEN, SECBUFFER_VERSION, SECPKG_CRED_OUTBOUND,
    SECURITY_NATIVE_DREP, SecBuffer, SecBufferDesc,
};
use windows_sys::Win32::Security::Credentials::SecHandle;

use super::kerberos::{Failure, Step};

/// What is asked of a context: that the server proves who it is, and that messages could be signed. The ticket is not handed on.
const FLAGS: u32 = ISC_REQ_MUTUAL_AUTH | ISC_REQ_INTEGRITY | ISC_REQ_CONNECTION;

/// Room for a token, more than a login takes.
const TOKEN_BYTES: usize = 1 << 16;

/// The client's side of a login as the user that the program runs as.
pub(super) struct Context {
    /// `MSSQLSvc/host:port` with its end.
    server: Vec<u16>,
    credential: SecHandle,
    context: Option<SecHandle>,
}

impl Context {
    /// For a server that is called so in the domain.
    pub(super) fn new(principal: &str) -> Result<Self, Failure> {
        let package = wide("Negotiate");
        let mut credential = SecHandle::default();
        // SAFETY: the name ends with a zero and both outlive the call; null stands where it may (the user's own credential, no logon, no
        // function of ours, and what is not wanted back).
        let status = unsafe {
            AcquireCredentialsHandleW(
                ptr::null(),
                package.as_ptr(),
                SECPKG_CRED_OUTBOUND,
                ptr::null(),
                ptr::null(),
                None,
                ptr::null(),
                &raw mut credential,
                ptr::null_mut(),
            )
        };
        judge(status)?;
        Ok(Self {
            server: wide(principal),
            credential,
            context: None,
        })
    }

    /// The first step, or the one that the server's answer makes possible. It may talk to the domain's controllers, and waits for them.
    pub(super) fn step(&mut self, answer: Option<&[u8]>) -> Result<Step, Failure> {
        let mut answer_bytes = answer.unwrap_or_default().to_vec();
        let mut answer_buffer = buffer(&mut answer_bytes);
        let input = descriptor(&mut answer_buffer);
        let mut token = vec![0; TOKEN_BYTES];
        let mut token_buffer = buffer(&mut token);
        let mut output = descriptor(&mut token_buffer);
        let mut made = self.context.unwrap_or_default();
        let mut attributes = 0;
        // SAFETY: all pointers are to values that live here or in `self`, null where there is no context and no answer yet; each buffer
        // says how long it is.
        let status = unsafe {
            InitializeSecurityContextW(
                &raw const self.credential,
                self.context.as_ref().map_or(ptr::null(), ptr::from_ref),
                self.server.as_ptr(),
                FLAGS,
                0,
                SECURITY_NATIVE_DREP,
                answer.map_or(ptr::null(), |_| &raw const input),
                0,
                &raw mut made,
                &raw mut output,
                &raw mut attributes,
                ptr::null_mut(),
            )
        };
        judge(status)?;
        token.truncate(token_buffer.cbBuffer as usize);
        self.context = Some(made);
        Ok(Step {
            token,
            // Without its proof the system does not say that it is done, but for NTLM, which has none.
            is_proved: status == SEC_E_OK,
        })
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: both are the system's own, and not used any more.
        unsafe {
            if let Some(context) = &self.context {
                DeleteSecurityContext(context);
            }
            FreeCredentialsHandle(&raw const self.credential);
        }
    }
}

/// Whether a call did what it was to do. Nothing else is to be done in between with the packages that are asked for.
fn judge(status: i32) -> Result<(), Failure> {
    if [SEC_E_OK, SEC_I_CONTINUE_NEEDED].contains(&status) {
        return Ok(());
    }
    Err(Failure::Refused {
        major: status.cast_unsigned(),
        minor: 0,
        text: format!("{status:#010x}: {}", std::io::Error::from_raw_os_error(status)),
    })
}

/// Of bytes of ours, of which there are few.
const fn buffer(bytes: &mut [u8]) -> SecBuffer {
    SecBuffer {
        cbBuffer: bytes.len() as u32,
        BufferType: SECBUFFER_TOKEN,
        pvBuffer: bytes.as_mut_ptr().cast(),
    }
}

const fn descriptor(buffer: &mut SecBuffer) -> SecBufferDesc {
    SecBufferDesc {
        ulVersion: SECBUFFER_VERSION,
        cBuffers: 1,
        pBuffers: &raw mut *buffer,
    }
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}
