use super::*;

fn parse(text: &str) -> Result<Request<'_>, Refusal> {
    Request::parse(text.as_bytes())
}

#[test]
fn parses_the_head_of_a_scraper() {
    let request = parse(
        "GET /metrics?collect[]=cpu HTTP/1.1\r\nHost: a:1\r\naccept: text/plain\r\n\
         Accept-Encoding: gzip\r\nConnection: x, Close\r\n\r\n",
    );
    assert_eq!(
        request,
        Ok(Request {
            method: Method::Get,
            path: "/metrics",
            query: "collect[]=cpu",
            keep_alive: false,
            is_http10: false,
            accept: "text/plain".into(),
            accept_encoding: "gzip".into(),
            authorization: "",
            content_type: "",
            content_encoding: "",
            host: "a:1",
            is_of_page: false,
            is_relayed: false,
            body: Body::Sized(0),
            expects: false,
        })
    );
    assert!(parse("GET / HTTP/1.1\nHost: a\n\n").unwrap().keep_alive);
    assert!(!parse("GET / HTTP/1.0\r\n\r\n").unwrap().keep_alive);
    for (connection, kept) in
        [("keep-alive", true), ("Keep-Alive, x", true), ("close, keep-alive", false), ("", false)]
    {
        let head = format!("GET / HTTP/1.0\r\nConnection: {connection}\r\n\r\n");
        assert_eq!(parse(&head).unwrap().keep_alive, kept, "{connection}");
    }
}

#[test]
fn pages_and_proxies_are_recognized() {
    for (header, of_page, relayed) in [
        ("Origin: http://a", true, false),
        ("origin: null", true, false),
        ("Sec-Fetch-Site: cross-site", true, false),
        ("sec-fetch-site: same-site", true, false),
        ("Sec-Fetch-Site: None", false, false),
        ("Sec-Fetch-Site: same-origin", false, false),
        ("Sec-Fetch-Mode: cors", false, false),
        ("x-forwarded-FOR: 1.2.3.4", false, true),
        ("X-Forwarded-Proto: https", false, true),
        ("Forwarded: for=1.2.3.4", false, true),
        ("Via: 1.1 squid", false, true),
        ("X-Real-IP: 1.2.3.4", false, true),
        ("X-Forward: 1", false, false),
    ] {
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{header}\r\n\r\n");
        let request = parse(&head).unwrap();
        assert_eq!((request.is_of_page, request.is_relayed), (of_page, relayed), "{header}");
    }
}

#[test]
fn several_lines_are_one_list() {
    let head = "GET / HTTP/1.0\r\nAccept: a\r\nAccept-Encoding: br\r\nX: y\r\nAccept: b\r\n\
                accept-encoding: gzip\r\nAccept: \u{e9}\r\n\r\n";
    let request = parse(head).unwrap();
    assert_eq!((&*request.accept, &*request.accept_encoding), ("a,b,\u{e9}", "br,gzip"));
}

#[test]
fn only_http11_waits_for_100() {
    let expects = |version: &str, what: &str| {
        let head = format!("GET / HTTP/{version}\r\nHost: a\r\nExpect: {what}\r\n\r\n");
        parse(&head).unwrap().expects
    };
    assert!(expects("1.1", "100-Continue"));
    assert!(!expects("1.0", "100-continue") && !expects("1.1", "nothing"));
}

#[test]
fn targets_come_in_two_forms() {
    for (target, path, query) in [
        ("/a?b?c", "/a", "b?c"),
        ("http://host:9101/a?b", "/a", "b"),
        ("http://host", "/", ""),
        ("http://host?b", "/", "b"),
        ("HTTP://box/metrics", "/metrics", ""),
        ("hTTps://[::1]:1/", "/", ""),
        ("/a?http://b", "/a", "http://b"),
        ("*", "*", ""),
        ("//metrics/job/a//?b", "/metrics/job/a//", "b"),
        ("http://host///", "/", ""),
    ] {
        assert_eq!(split_target(target), (path, query), "{target}");
    }
}

#[test]
fn unsound_heads_are_refused() {
    let malformed = |text: &str| matches!(parse(text), Err(Refusal::Malformed(_)));
    assert!(malformed("GET / HTTP/1.1\r\n\r\n"), "no Host");
    assert!(malformed("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"));
    assert!(malformed("GET / HTTP/1.0\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"));
    assert!(malformed("GET / HTTP/1.0\r\nContent-Length: +1\r\n\r\n"));
    assert!(malformed("GET / HTTP/1.0\r\nContent-Length: 99999999999999999999\r\n\r\n"));
    assert!(malformed("P / HTTP/1.0\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"));
    assert!(malformed("\u{1}\r\n\r\n"));
    assert!(malformed("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"));
    assert_eq!(parse("GET / HTTP/2.0\r\n\r\n"), Err(Refusal::Version));
    assert!(malformed("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"));
    let many = format!("GET / HTTP/1.0\r\n{}\r\n", "a: b\r\n".repeat(MAX_HEADERS + 1));
    assert_eq!(parse(&many), Err(Refusal::TooManyHeaders));
}
