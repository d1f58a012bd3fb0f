use super::*;

#[test]
fn documents_are_walked_where_they_lie() {
    let text = br#" { "a" : [ 1 , -2.5e3 , true ] , "b\u00e9" : { } , "c" : null , "d":"x" } "#;
    let Ok(Value::Object(mut members)) = parse(text) else { panic!() };
    let (key, value) = members.next().unwrap();
    assert!(key.is("a") && !key.is("b"));
    let Value::Array(elements) = value else { panic!() };
    let values: Vec<_> = elements.map(Value::number).collect();
    assert_eq!(values, [Some(1.0), Some(-2500.0), None]);
    let (key, value) = members.next().unwrap();
    assert!(key.is("bé") && value == Value::Object(Members(b" ")));
    let Value::Object(mut none) = value else { panic!() };
    assert_eq!(none.next(), None);
    assert_eq!(members.next().map(|(_, value)| value), Some(Value::Null));
    assert_eq!(members.next().map(|(_, value)| value), Some(Value::Text(Text(b"x"))));
    assert_eq!(members.next(), None);
    assert_eq!(parse(b"[]"), Ok(Value::Array(Elements(b""))));
    assert_eq!(parse(b"1e999").unwrap().number(), None);
}

#[test]
fn a_byte_order_mark_is_passed() {
    assert!(matches!(parse(b"\xef\xbb\xbf {}"), Ok(Value::Object(_))));
    let mut only = parse_list(b"\xef\xbb\xbf7 ").unwrap();
    assert_eq!((only.next().and_then(Value::number), only.next()), (Some(7.0), None));
    assert_eq!(parse_list(b"\xef\xbb\xbf[1,2]").unwrap().count(), 2);
    assert_eq!(parse(b"\xef\xbb\xbf[1,]"), Err(Fault { at: 6, expected: "a value" }));
    for bad in
        [&b"\xef\xbb\xbf"[..], b" \xef\xbb\xbf{}", b"\xef\xbb\xbf\xef\xbb\xbf{}", b"{}\xef\xbb\xbf"]
    {
        assert!(parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn escapes_in_texts_are_decoded() {
    for (text, expected) in [
        (r#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{c}\n\r\tz"),
        (r#""\u0041\u00e9\ud83d\ude00""#, "Aé😀"),
        (r#""\ud83dx\ude00\ud83d\u0041""#, "\u{fffd}x\u{fffd}\u{fffd}A"),
    ] {
        let Ok(Value::Text(value)) = parse(text.as_bytes()) else { panic!("{text}") };
        let mut out = Vec::new();
        value.write(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}

#[test]
fn faults_have_their_place() {
    for (text, at, expected) in [
        ("", 0, "a value"),
        (" x", 1, "a value"),
        ("[1,]", 3, "a value"),
        ("[1 2]", 3, "a comma or ]"),
        ("{\"a\":1,}", 7, "a text in quotation marks"),
        ("{\"a\" 1}", 5, "a colon"),
        ("{\"a\":1", 6, "a comma or }"),
        ("\"a", 2, "the end of a text"),
        ("\"a\n\"", 2, "no control character in a text"),
        ("\"\\x\"", 2, "an escape"),
        ("\"\\u12g4\"", 5, "four hexadecimal digits"),
        ("01", 1, "the end"),
        ("1.", 2, "a digit"),
        ("-", 1, "a digit"),
        ("1e+", 3, "a digit"),
        ("nul", 0, "a value"),
        ("NaN", 0, "a value"),
        ("{} {}", 3, "the end"),
    ] {
        assert_eq!(parse(text.as_bytes()), Err(Fault { at, expected }), "{text}");
    }
    assert_eq!(parse(b"\"\xff\""), Err(Fault { at: 1, expected: "UTF-8" }));
    let deep = |n: usize| ["[".repeat(n), "]".repeat(n)].concat();
    assert!(parse(deep(MAX_DEPTH).as_bytes()).is_ok());
    let fault = parse(deep(MAX_DEPTH + 1).as_bytes()).unwrap_err();
    assert_eq!(fault.at, MAX_DEPTH);
    assert!(parse("[".repeat(1 << 20).as_bytes()).is_err());
}
