//! Active Directory and OpenLDAP as `docs/connectors/ldap.md` describes them, by script.
