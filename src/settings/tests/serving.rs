//! https and users.

use crate::settings::tests::support::load;
use crate::settings::{ClientAuth, Pem, ServerTls, TlsVersion};

/// All options, except those that exclude others.
const ALL: &str = "[server]\nusers_file = \"/u\"\n[server.tls]\ncert_file = \"/c\"\nkey_file = \"/k\"\n\
                   client_ca_file = \"/a\"\nclient_auth_type = \"RequireClientCert\"\n\
                   client_allowed_sans = [\"x\", \"y\"]\nmin_version = \"TLS13\"\n";

#[test]
fn all_of_it_is_read_and_printed() {
    let first = load(ALL, "--check-config", &[]).unwrap();
    assert_eq!(
        first.server.tls,
        ServerTls {
            cert: Pem::File("/c".into()),
            key: Pem::File("/k".into()),
            client_ca: Pem::File("/a".into()),
            client_auth: ClientAuth::RequireAny,
            allowed_sans: vec!["x".into(), "y".into()],
            oldest: TlsVersion::Tls13,
            ..ServerTls::default()
        }
    );
    assert_eq!(first.server.users_file, Some("/u".into()));
    assert!(first.server.is_guarded());
    let second = load(&first.effective, "--check-config", &[]).unwrap();
    assert_eq!(first.server, second.server);
    let env = [("APP__SERVER__TLS__CERT_FILE", "/c"), ("SYSMETRICS_SERVER_TLS_KEY_FILE", "/k")];
    assert_eq!(load("", "", &env).unwrap().server.tls.key, Pem::File("/k".into()));
    for flag in ["--web.config.file=/w", "-web.config.file=/w", "--web.config=/w"] {
        assert_eq!(load("", flag, &[]).unwrap().server.web_config, Some("/w".into()));
    }
    assert!(!load("", "--web.config.file=", &[]).unwrap().server.is_guarded());
}

#[test]
fn conflicting_settings_are_refused() {
    let both = "[server.tls]\ncert_file = \"/c\"\nkey_file = \"/k\"\n";
    for (file, args, expected) in [
        (both.replace("key_file", "client_ca_file"), "", "FILE: server.tls.key_file: missing"),
        (
            [both, "client_ca_file = \"/a\""].concat(),
            "",
            "FILE:4:18: server.tls.client_ca_file: of no",
        ),
        (
            both.to_owned(),
            "--web.config.file=/w",
            "--web.config.file: server.web_config_file: together",
        ),
    ] {
        let refusal = load(&file, args, &[]).unwrap_err();
        assert!(refusal.starts_with(expected), "{refusal}");
    }
}
