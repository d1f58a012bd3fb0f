use super::*;
use std::net::Ipv4Addr;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

const NEAR: Sender<'_> = Sender {
    ends: Ends { is_local: true, address: Some(HERE) },
    host: "localhost:9101",
    is_of_page: false,
    is_relayed: false,
};

const FAR: Sender<'_> = Sender { ends: Ends { is_local: false, address: Some(HERE) }, ..NEAR };

#[test]
fn a_token_opens_and_nothing_else() {
    let tokens = Some(vec!["first".to_owned(), "open sesame".to_owned()]);
    let auth = PushAuth { tokens, ..PushAuth::default() };
    for good in [
        "Bearer first",
        "bearer  first ",
        "Bearer open sesame",
        "Basic dXNlcjpmaXJzdA==",
        "basic OmZpcnN0",
    ] {
        assert_eq!(auth.judge(good, &FAR), Ok(()), "{good}");
    }
    for bad in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer firs",
        "Bearer firstt",
        "Bearer FIRST",
        "first",
        "Basic first",
        "Basic !",
        "Basic dXNlcg==",
        "Basic Zmlyc3Q6dXNlcg==",
        "Digest first",
    ] {
        assert_eq!(auth.judge(bad, &NEAR), Err(Denied::Token), "{bad}");
    }
    assert_eq!(PushAuth::default().judge("", &NEAR), Ok(()));
    assert_eq!(PushAuth::default().judge("Bearer x", &FAR), Err(Denied::Remote));
    // With a token it does not matter who forwards the request.
    let any = Sender { is_of_page: true, is_relayed: true, host: "evil.example", ..FAR };
    assert_eq!(auth.judge("Bearer first", &any), Ok(()));
}

#[test]
fn pages_and_proxies_are_not_this_machine() {
    let auth = PushAuth::default();
    let unix = Sender { ends: Ends { is_local: true, address: None }, ..NEAR };
    for near in [NEAR, unix] {
        for (sender, denied) in [
            (Sender { is_of_page: true, ..near }, Denied::Page),
            (Sender { is_relayed: true, ..near }, Denied::Relayed),
        ] {
            assert_eq!(auth.judge("", &sender), Err(denied));
            assert!(denied.text().contains("push.token_file"));
        }
    }
    assert_eq!(auth.judge("", &Sender { host: "any.example", ..unix }), Ok(()));
}

/// The judgement about a client at 192.0.2.7, on a machine that calls itself Box.example.org.
fn judge_host(host: &str) -> Result<(), Denied> {
    let tcp = |host: &str| Listen::Tcp(host.to_owned(), 9101);
    let listen = [tcp("metrics.lan"), tcp(""), tcp("0.0.0.0"), Listen::Unix("/x".into())];
    let auth =
        PushAuth { names: PushAuth::names("Box.example.org", &listen), ..PushAuth::default() };
    let ends = Ends::of("192.0.2.7".parse().ok(), "192.0.2.7".parse().ok());
    auth.judge("", &Sender { host, ends, ..NEAR })
}

#[test]
fn names_of_this_machine_are_accepted() {
    for good in [
        "",
        "localhost",
        "LOCALHOST:9101",
        "localhost.",
        "a.localhost:1",
        "127.0.0.1",
        "127.9.9.9:1",
        "[::1]:9101",
        "[::1]",
        "[0:0::1]:1",
        "[::ffff:127.0.0.1]:1",
        "192.0.2.7:9101",
        "[::ffff:192.0.2.7]",
        "box.example.org:9101",
        "box",
        "BOX:9101",
        "box.example.org.",
        "Metrics.lan:1",
        "0.0.0.0:9101",
    ] {
        assert_eq!(judge_host(good), Ok(()), "{good}");
    }
    let ends = Ends::of("fe80::1".parse().ok(), "fe80::1".parse().ok());
    let zoned = Sender { host: "[fe80::1%25eth0]:1", ends, ..NEAR };
    assert_eq!(PushAuth::default().judge("", &zoned), Ok(()));
    assert_eq!(PushAuth::names("", &[]), [""; 0]);
}

#[test]
fn names_of_other_machines_are_refused() {
    for bad in [
        "evil.example:9101",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "192.0.2.8",
        "notlocalhost",
        "boxx",
        "box.evil.example",
        "example.org",
        "[::2]:1",
        "::1",
        "[::1].evil.example",
        "?",
        ".",
        ":80",
        " ",
        "xn--localhost",
        "metrics",
        "8.8.8.8:9101",
    ] {
        assert_eq!(judge_host(bad), Err(Denied::Host), "{bad}");
    }
}
