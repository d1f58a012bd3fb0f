use super::*;

#[test]
fn head_and_body_are_sent_at_once() {
    let mut response = Response::default();
    response.allow(Method::Post, "GET, HEAD", "No.");
    response.varies();
    response.finish(false, true);
    let text = String::from_utf8(response.bytes().to_vec()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "No.\n");
    let mut lines: Vec<_> = head.split("\r\n").collect();
    assert!(lines.remove(1).starts_with("Date: "));
    assert_eq!(
        lines,
        [
            "HTTP/1.1 405 Method Not Allowed",
            "Content-Length: 4",
            "Content-Type: text/plain; charset=utf-8",
            "Vary: Accept, Accept-Encoding",
            "Allow: GET, HEAD",
            "Connection: close",
        ]
    );
    response.text(Status::Ok, "Yes.");
    response.finish(true, false);
    let text = String::from_utf8(response.bytes().to_vec()).unwrap();
    assert!(text.contains("\r\nContent-Length: 5\r\n") && text.ends_with("\r\n\r\n"), "{text}");
}

#[test]
fn the_unsent_rest_is_shared_and_complete() {
    let mut response = Response::default();
    response.text(Status::Ok, "A page.");
    response.finish(true, true);
    let whole = response.bytes().to_vec();
    let mut held = [0, 10, whole.len() - 9, whole.len() - 1].map(|at| response.unsent(at));
    response.forget();
    assert_eq!(held.iter().map(|h| h.page.len() / 4).sum::<usize>(), 8);
    assert!(Arc::ptr_eq(&held[0].page, &held[3].page));
    for (at, held) in [0, 10, whole.len() - 9, whole.len() - 1].into_iter().zip(&mut held) {
        let mut rest = Vec::new();
        loop {
            rest.push(held.bytes()[0]);
            if held.advance(1) {
                break;
            }
        }
        assert_eq!(rest, &whole[at..]);
    }
}
