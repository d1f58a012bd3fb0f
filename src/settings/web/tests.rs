//! Files from exporter-toolkit's documentation and tests, and invalid ones.

use super::*;

fn read(text: &str) -> Result<WebConfig, String> {
    let read = yaml::parse(text).and_then(|entries| config(&entries, Path::new("/etc/exporter")));
    read.map_err(|(line, what)| format!("{line}: {what}"))
}

fn of_tls(text: &str) -> ServerTls {
    read(text).unwrap_or_else(|error| panic!("{error}")).tls.unwrap()
}

const BOTH: &str = "tls_server_config:\n  cert_file: server.crt\n  key_file: \"server.key\"\n";

/// Checks the error for a file that begins with `BOTH`.
fn refused(rest: &str, expected: &str) {
    let text = [BOTH, rest].concat();
    let error = read(&text).map(|_| ()).unwrap_err();
    assert!(error.contains(expected), "{error}\nexpected: {expected}\n{text}");
}

#[test]
fn certificates_and_users_are_read() {
    let text = "\
# TLS and basic authentication.
#
---
tls_server_config:
  cert_file: server.crt   # beside this file
  key_file: '/run/keys/server.key'
  client_auth_type: \"RequireAndVerifyClientCert\"
  client_ca_file: ca's.pem
  client_allowed_sans:
  - \"one\"
  - spiffe://a/b

  min_version: TLS12
  max_version: TLS13
  cipher_suites: [TLS_AES_128_GCM_SHA256, \"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\" ]
  prefer_server_cipher_suites: false
  curve_preferences:
    - CurveP256
    - X25519 # fast

http_server_config:
  http2: true
  headers:
    X-Frame-Options: deny
    Strict-Transport-Security: max-age=31536000; includeSubDomains
    X-XSS-Protection: 1
    Content-Security-Policy: \"default-src 'self' *.test.example.net\"

basic_auth_users:
  alice: $2y$10$mDwo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJPze
  'bob: 2': \"$2y$10$hLqFl9jSjoAAy95Z/zw8Ye8wkdMBM8c5Bn1ptYqP/AXyV0.oy0S8m\"
rate_limit:
  interval: 0s
  burst: 3
";
    let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let read = read(text).unwrap();
    let expected = ServerTls {
        cert: Pem::File("/etc/exporter/server.crt".into()),
        key: Pem::File("/run/keys/server.key".into()),
        client_ca: Pem::File("/etc/exporter/ca's.pem".into()),
        client_auth: ClientAuth::RequireAndVerify,
        allowed_sans: texts(&["one", "spiffe://a/b"]),
        oldest: TlsVersion::Tls12,
        newest: TlsVersion::Tls13,
        cipher_suites: texts(&["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]),
        curves: texts(&["CurveP256", "X25519"]),
        prefers_ours: false,
    };
    assert_eq!(read.tls, Some(expected));
    let names: Vec<_> = read.users.iter().map(|(name, hash)| (&**name, hash.len())).collect();
    assert_eq!(names, [("alice", 60), ("bob: 2", 60)]);
    let headers: Vec<_> = read.headers.iter().map(|(name, text)| (&**name, &**text)).collect();
    assert_eq!(
        headers,
        [
            ("X-Frame-Options", "deny"),
            ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
            ("X-XSS-Protection", "1"),
            ("Content-Security-Policy", "default-src 'self' *.test.example.net"),
        ]
    );
}

#[test]
fn an_empty_file_has_the_defaults() {
    for text in [
        "",
        "\n# nothing\n",
        "---\n",
        "---\nbasic_auth_users:\n...\n# over\n",
        "...\n",
        "tls_server_config:\nbasic_auth_users:\n",
        "basic_auth_users: {}\n",
        // As in exporter-toolkit: this alone does not switch TLS on.
        "tls_server_config:\n  min_version: TLS13\n  cert_file: \"\"\n",
    ] {
        assert_eq!(read(text), Ok(WebConfig::default()), "{text}");
    }
}

#[test]
fn pem_may_be_in_the_file() {
    let text = "tls_server_config:\n  cert: |\n    -----BEGIN CERTIFICATE-----\n    MIIF # no comment\n\n      two more\n    -----END\n\n\n  key: |-\n\n     a\n     b\n\n  client_auth_type: RequireClientCert\n";
    let tls = of_tls(text);
    let cert = "-----BEGIN CERTIFICATE-----\nMIIF # no comment\n\n  two more\n-----END\n";
    assert_eq!(tls.cert, Pem::Text(cert.into()));
    assert_eq!(tls.key, Pem::Text("\na\nb".into()));
    assert_eq!(tls.client_auth, ClientAuth::RequireAny);
    assert!(!format!("{tls:?}").contains("CERTIFICATE"), "keys are not shown");
    let both = of_tls("tls_server_config:\n  cert_file: a\n  cert: x\n  key: y\n  key_file: b\n");
    assert_eq!(both.cert, Pem::File("/etc/exporter/a".into()), "the file goes first");
    assert_eq!(both.key, Pem::File("/etc/exporter/b".into()));
}

#[test]
fn mappings_in_braces_are_read() {
    let blocks = [
        BOTH,
        "  cipher_suites:\n  - A\n  - B\nhttp_server_config:\n  headers:\n    X-Frame-Options: deny\n",
        "basic_auth_users:\n  alice: $2y$10$a\n  \"bob, 2\": $2y$10$b\nrate_limit:\n  interval: 1s\n  burst: 2\n",
    ];
    let flow = "\
tls_server_config: {cert_file: server.crt, key_file: \"server.key\", cipher_suites: [A, 'B']} # a comment
http_server_config: {headers: {X-Frame-Options: deny}, http2: false, }
basic_auth_users: { alice: \"$2y$10$a\" , 'bob, 2':$2y$10$b}
rate_limit: {interval: 1s, burst: 2}
";
    assert_eq!(read(flow), read(&blocks.concat()));
    assert_eq!(read(flow).unwrap().users.len(), 2);
}

#[test]
fn older_versions_are_accepted_as_the_oldest() {
    for old in ["TLS10", "TLS11"] {
        let text = [BOTH, "  min_version: ", old, "\n"].concat();
        assert_eq!(of_tls(&text).oldest, TlsVersion::Tls12);
    }
}

#[test]
fn rate_limits_are_read() {
    let limit = |text: &str| read(&["rate_limit:\n", text].concat()).unwrap().limit;
    let of = |millis, burst| Some(RateLimit { interval: Duration::from_millis(millis), burst });
    assert_eq!(limit("  interval: 1m30s\n  burst: 20\n"), of(90_000, 20));
    assert_eq!(limit("  burst: 1\n  interval: 250ms\n"), of(250, 1));
    assert_eq!(limit("  burst: 1\n  interval: 1000000\n"), of(1, 1), "nanoseconds");
    for none in ["  interval: 0\n", "  interval: 0s\n  burst: 3\n", "  burst: 3\n", "  interval:\n"]
    {
        assert_eq!(limit(none), None, "{none}");
    }
}

#[test]
fn errors_have_their_line() {
    refused(
        "  cert_fil: a\n",
        "4: tls_server_config.cert_fil: unknown key; did you mean \"cert_file\"?",
    );
    refused("  cert_fil: a\n", "expected one of cert_file, key_file");
    refused(
        "tls_server_conf:\n",
        "4: tls_server_conf: unknown key; did you mean \"tls_server_config\"?",
    );
    refused(
        "  client_ca_file: ca.pem\n",
        "4: tls_server_config.client_ca: of no use without client_auth_type",
    );
    refused(
        "  client_allowed_sans: [a]\n",
        "4: tls_server_config.client_allowed_sans: of no use unless",
    );
    refused(
        "  client_auth_type: None\n",
        "expected one of NoClientCert, RequestClientCert, Require",
    );
    refused(
        "  max_version: TLS11\n",
        "4: tls_server_config.max_version: expected TLS12 or TLS13, as older",
    );
    refused("  min_version: TLS111\n", "expected TLS12 or TLS13, found \"TLS111\"");
    refused(
        "  min_version: TLS13\n  max_version: TLS12\n",
        "5: tls_server_config.max_version: older",
    );
    refused("  cipher_suites: a\n", "expected a list: lines below that begin with -, found a text");
    refused("  prefer_server_cipher_suites: 1\n", "expected true or false, found \"1\"");
    refused("  cert_file: other\n", "4: \"cert_file\" is given twice; keep one");
    refused(
        "basic_auth_users: [a]\n",
        "4: basic_auth_users: expected keys in lines below, found a list",
    );
    refused("basic_auth_excluded_paths:\n- /health\n", "4: basic_auth_excluded_paths: unknown key");
    refused(
        "http_server_config:\n  headers:\n    Server: x\n",
        "6: http_server_config.headers.Server: unknown",
    );
    refused(
        "http_server_config:\n  headers:\n    X-Frame-Options: none\n",
        "expected deny or sameorigin",
    );
    refused("rate_limit:\n  interval: 1s\n", "4: rate_limit.burst: missing or 0");
    refused(
        "rate_limit:\n  interval: soon\n  burst: 1\n",
        "5: rate_limit.interval: expected a time",
    );
    refused("rate_limit:\n  interval: 1s\n  burst: -1\n", "6: rate_limit.burst: expected a number");
    refused("rate_limit:\n  every: 1s\n", "5: rate_limit.every: unknown key");
    let long = "a".repeat(1100);
    let headers = format!("http_server_config:\n  headers:\n    X-XSS-Protection: {long}\n");
    refused(&headers, "4: http_server_config.headers: more than 1024 bytes");
    let error = read("tls_server_config:\n  key_file: a\n").map(|_| ()).unwrap_err();
    assert!(error.starts_with("1: tls_server_config.cert_file: missing"), "{error}");
}

#[test]
fn unsupported_yaml_is_refused() {
    for (rest, expected) in [
        ("  a\n", "4: expected a key and a colon after it, found \"a\""),
        ("   key: a\n", "4: the indentation differs"),
        (" key: a\n", "4: the indentation differs"),
        ("\tkey: a\n", "4: a tab"),
        ("---\n", "4: expected another key; a file is one document"),
        ("...\nrate_limit:\n", "5: the indentation differs"),
        ("  ...\n", "4: expected a key and a colon"),
        ("- a\n", "4: expected another key; a file"),
        ("  key: &a b\n", "4: anchors and aliases"),
        ("  key: !!str b\n", "4: expected a text in one line"),
        ("  key: >\n    b\n", "4: expected a text in one line"),
        ("  key: {a: b}\n", "4: tls_server_config.key: expected a text, found keys"),
        ("  key: a: b\n", "4: a colon in a text"),
        // Invalid as a text in YAML, too; found by fuzzing.
        ("  key: - a\n", "4: expected a text in one line"),
        ("  key: ]a\n", "4: expected a text in one line"),
        ("  &a key: b\n", "4: anchors and aliases"),
        ("  *a : b\n", "4: anchors and aliases"),
        ("  ? key: b\n", "4: expected a text in one line"),
        ("  : b\n", "4: expected a key and a colon"),
        ("  a #b: c\n", "4: a comment within"),
        ("  curve_preferences: [a: b]\n", "4: a colon in a text"),
        ("  curve_preferences: [a #b]\n", "4: a comment within"),
        ("  curve_preferences: [{a}]\n", "4: expected [a, b] or {key: value"),
        ("  curve_preferences: [{a: b}]\n", "4: expected [a, b] or {key: value"),
        ("  curve_preferences: [*a]\n", "4: anchors and aliases"),
        ("rate_limit: {burst: 1, burst: 2}\n", "4: \"burst\" is given twice"),
        ("rate_limit: {burst: 1,, interval: 1s}\n", "4: expected a text in one line"),
        ("rate_limit: {burst, interval: 1s}\n", "4: expected [a, b] or {key: value"),
        ("rate_limit: {burst: 1\n", "4: expected [a, b] or {key: value"),
        ("rate_limit: {burst: 1,\n", "4: expected [a, b] or {key: value"),
        ("rate_limit: {burst: 1]\n", "4: expected [a, b] or {key: value"),
        ("rate_limit: {burst: 1} b\n", "4: text after the closing"),
        ("rate_limit: {every: 1s}\n", "4: rate_limit.every: unknown key"),
        ("a: {b: {c: {d: {e: f}}}}\n", "4: nested too deep"),
        ("  curve_preferences: [\"a\" b]\n", "4: expected [a, b]"),
        ("  key: a\0b\n", "4: a control character"),
        ("# a\rkey: b\n", "4: a control character"),
        ("  key: a\u{2028}b\n", "4: a control character"),
        ("  key: \"a\n", "4: the closing quotation mark is missing"),
        ("  key: \"a\" b\n", "4: text after the closing"),
        ("  key: \"\\u0041\"\n", "4: an escape"),
        ("  cipher_suites: [a, b\n", "4: expected [a, b]"),
        ("  cipher_suites: [a,, b]\n", "4: expected [a, b]"),
        ("  cipher_suites: [a] b\n", "4: text after the closing"),
        ("  cipher_suites:\n  - a: b\n", "5: a colon in a text"),
        ("  cipher_suites:\n  -\n", "5: expected a text after -"),
        ("  cipher_suites:\n  - a\n   b\n", "6: the indentation differs"),
        ("  a:\n   b:\n    c:\n     d:\n      e: f\n", "nested too deep"),
    ] {
        refused(rest, expected);
    }
    assert!(read("- a\n").unwrap_err().starts_with("1: expected a mapping"));
    let many: String = (0..2000).map(|n| format!("key{n}: a\n")).collect();
    assert!(read(&many).unwrap_err().contains("too many keys"));
    assert!(read(&"\n".repeat(30_000)).unwrap_err().contains("too many lines"));
}

/// Any bytes give a result: each file truncated anywhere, and with a byte of it changed.
#[test]
fn any_text_gives_a_result() {
    let rest = "  cipher_suites: ['a', \"b\\n\"] # c\n  curve_preferences:\n  - x\n\
                basic_auth_users:\n  cert: |\n   a\nrate_limit: {burst: 1, 'interval': \"1s\"}\n";
    let whole = [BOTH, rest].concat();
    assert!(read(&whole).is_ok());
    for end in 0..whole.len() {
        let _ = read(&whole[..end]);
        for byte in "\"'[]{}:#|-\n \t\\,é".chars() {
            let _ = read(&[&whole[..end], &byte.to_string(), &whole[end + 1..]].concat());
        }
    }
}
