//! The options of https and users, in builds with TLS.

use crate::settings::table::checks::{Check, wrong};
use crate::settings::table::held::{Table, length, texts};
use crate::settings::table::row::{Names, Section, TableRow, choose, words};
use crate::settings::types::{CLIENT_AUTH, Kind, Pem, ServerTls, Settings, TlsVersion};

pub static SERVER_TLS: Section =
    Section::new("server.tls", "Serving https", &[TLS_TABLE.rows()]).check(server_tls);

const VERSIONS: [(&str, TlsVersion); 2] =
    [("TLS12", TlsVersion::Tls12), ("TLS13", TlsVersion::Tls13)];

pub static USER_TABLE: Table<{ USER_ROWS.len() }> =
    Table::of(USER_ROWS, &texts::<{ length(USER_ROWS) }>(USER_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const USER_ROWS: &[TableRow] = &[
    TableRow::new("users_file", Kind::Path, "", "File of users, one name:hash per line, as htpasswd -B writes it; by default no login is needed. In a build with TLS.")
        .set(|s, v| v.put_path(&mut s.server.users_file)),
    TableRow::new("web_config_file", Kind::PathOrNone, "", "Web configuration file of Prometheus' exporters, with TLS and users, instead of users_file and server.tls. In a build with TLS.")
        .names(&Names::flags(&["web.config.file"])).set(|s, v| v.put_path(&mut s.server.web_config)),
];

static TLS_TABLE: Table<{ TLS_ROWS.len() }> =
    Table::of(TLS_ROWS, &texts::<{ length(TLS_ROWS) }>(TLS_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const TLS_ROWS: &[TableRow] = &[
    TableRow::new("cert_file", Kind::Path, "", "PEM with the certificate to present, for https; read again when it changes. In a build with TLS.")
        .set(|s, v| s.server.tls.cert = Pem::File(v.path())),
    TableRow::new("key_file", Kind::Path, "", "PEM with its key.")
        .set(|s, v| s.server.tls.key = Pem::File(v.path())),
    TableRow::new("client_ca_file", Kind::Path, "", "PEM with the authorities of clients; those of the system by default.")
        .set(|s, v| s.server.tls.client_ca = Pem::File(v.path())),
    TableRow::new("client_auth_type", Kind::Choice(&words(&CLIENT_AUTH)), "NoClientCert", "The certificate that a client has to present.")
        .set(|s, v| choose(&CLIENT_AUTH, v, &mut s.server.tls.client_auth)),
    TableRow::new("client_allowed_sans", Kind::Words, "", "Names, addresses or URIs of which a client's certificate has to have one.")
        .set(|s, v| v.put_texts(&mut s.server.tls.allowed_sans)),
    TableRow::new("min_version", Kind::Choice(&words(&VERSIONS)), "TLS12", "The oldest version of TLS that is accepted.")
        .set(|s, v| choose(&VERSIONS, v, &mut s.server.tls.oldest)),
];

/// Checks https, users, and the file that sets both instead.
pub fn server(settings: &mut Settings) -> Check {
    let server = &mut settings.server;
    server.web_config = server.web_config.take().filter(|path| !path.as_os_str().is_empty());
    let key = if server.web_config.is_some() { "web_config_file" } else { "users_file" };
    if server.web_config.is_none() && server.users_file.is_none() {
        return Ok(());
    }
    let is_both = server.users_file.is_some() || server.tls != ServerTls::default();
    match server.web_config.is_some() && is_both {
        true => wrong(key, &["together with users_file or server.tls; it replaces both, keep one"]),
        false => Ok(()),
    }
}

/// Checks the table of https alone.
fn server_tls(settings: &mut Settings) -> Check {
    let tls = &settings.server.tls;
    if *tls == ServerTls::default() {
        return Ok(());
    }
    match tls.contradiction() {
        Some((key, what)) => {
            wrong(if key == "client_ca" { "client_ca_file" } else { key }, &[what])
        }
        None => Ok(()),
    }
}
