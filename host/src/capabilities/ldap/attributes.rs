//! Which attributes a guest may have.

use super::error::Error;
use super::limits::Limits;
use crate::redact::clean;

/// Attributes that hold passwords, their hashes, or keys that stand for them, by name and, where a server may spell it
/// so, by number.
///
/// No mapping needs them, and a directory that guards them badly is common: a service account that reads everything is
/// the usual one, and OpenLDAP shows `userPassword` to it. What a guest does not get it cannot send anywhere.
const PASSWORDS: [&str; 40] = [
    // RFC 4519 and RFC 3112.
    "userPassword",
    "2.5.4.35",
    "authPassword",
    "1.3.6.1.4.1.4203.1.3.4",
    // Active Directory.
    "unicodePwd",
    "1.2.840.113556.1.4.90",
    "dBCSPwd",
    "lmPwdHistory",
    "ntPwdHistory",
    "supplementalCredentials",
    "currentValue",
    "priorValue",
    "initialAuthIncoming",
    "initialAuthOutgoing",
    "trustAuthIncoming",
    "trustAuthOutgoing",
    "msDS-ManagedPassword",
    "msDS-ExecuteScriptPassword",
    "msFVE-RecoveryPassword",
    "msFVE-KeyPackage",
    "msPKIAccountCredentials",
    "msPKI-CredentialRoamingTokens",
    "unixUserPassword",
    // Local administrators' passwords: LAPS, old and new.
    "ms-Mcs-AdmPwd",
    "msLAPS-Password",
    "msLAPS-EncryptedPassword",
    "msLAPS-EncryptedPasswordHistory",
    "msLAPS-EncryptedDSRMPassword",
    "msLAPS-EncryptedDSRMPasswordHistory",
    // Samba.
    "sambaLMPassword",
    "1.3.6.1.4.1.7165.2.1.24",
    "sambaNTPassword",
    "1.3.6.1.4.1.7165.2.1.25",
    "sambaPasswordHistory",
    "sambaClearTextPassword",
    "sambaPreviousClearTextPassword",
    // Kerberos, FreeIPA, OpenLDAP's policies.
    "krbPrincipalKey",
    "krbMKey",
    "ipaNTHash",
    "pwdHistory",
];

/// Whether an attribute holds passwords. Its options do not matter: `userPassword;binary` is the same one.
pub(super) fn is_password(name: &str) -> bool {
    let name = name.split(';').next().unwrap_or_default().trim();
    PASSWORDS.iter().any(|password| password.eq_ignore_ascii_case(name))
}

/// That a guest names an attribute that holds passwords.
pub(super) fn refused(name: &str) -> Error {
    Error::Denied(format!("the attribute `{}` holds passwords", clean(name, 60)))
}

/// The attributes to ask for, if a guest may.
///
/// A name that the server does not know is no error: it is the admin's mapping, and the server passes over it.
pub(super) fn read(names: Vec<String>, limits: &Limits) -> Result<Vec<String>, Error> {
    if names.len() > limits.attributes {
        return Err(Error::TooLarge(format!(
            "the search asks for {} attributes, the limit is {}",
            names.len(),
            limits.attributes
        )));
    }
    for name in &names {
        if name.is_empty() || name.len() > limits.attribute_bytes || name.chars().any(char::is_control) {
            return Err(Error::Invalid(format!(
                "`{}` is not the name of an attribute",
                clean(name, 60)
            )));
        }
        if is_password(name) {
            return Err(refused(name));
        }
        // A number can stand for any of those above; `1.1` stands for none at all (RFC 4511 section 4.5.1.8).
        if name.starts_with(|first: char| first.is_ascii_digit()) && name != "1.1" {
            return Err(Error::Denied(format!(
                "the attribute `{}` is asked for by its number, and not by its name",
                clean(name, 60)
            )));
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(name: &str) -> String {
        match read(vec!["mail".to_owned(), name.to_owned()], &Limits::default()) {
            Ok(names) => names.join(","),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn attributes_that_hold_passwords_are_denied_however_they_are_spelled() {
        // H-51
        for name in [
            "userPassword",
            "USERPASSWORD",
            "unicodePwd",
            "ms-Mcs-AdmPwd",
            "msLAPS-Password",
            "userPassword;binary",
            "sambantpassword;x-a;y",
            " userPassword ",
        ] {
            assert_eq!(ask(name), format!("the attribute `{name}` holds passwords"));
        }
        assert_eq!(
            ask("2.5.4.4"),
            "the attribute `2.5.4.4` is asked for by its number, and not by its name"
        );
    }

    #[test]
    fn others_may_be_asked_for_as_mappings_spell_them() {
        for name in [
            "sAMAccountName",
            "member;range=0-1499",
            "userCertificate;binary",
            "1.1",
            "*",
            "+",
            "no such one",
            "pwdLastSet",
        ] {
            assert_eq!(ask(name), format!("mail,{name}"));
        }
        assert_eq!(ask(""), "`` is not the name of an attribute");
        assert_eq!(ask("a\0"), "`a\\u{0}` is not the name of an attribute");
    }

    #[test]
    fn a_search_asks_for_so_many_at_most() {
        let error = read(vec!["a".to_owned(); 501], &Limits::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the search asks for 501 attributes, the limit is 500"
        );
    }
}
