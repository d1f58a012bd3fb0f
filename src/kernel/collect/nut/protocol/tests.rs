use super::*;

const UPSES: &[u8] =
    b"BEGIN LIST UPS\nUPS rack \"The \\\"big\\\" one \\\\ cellar\"\nUPS b-2 \"\"\nEND LIST UPS\n";

#[test]
fn upses_and_their_descriptions() {
    let (all, has_more) = upses(UPSES).unwrap();
    assert!(!has_more);
    let names: Vec<_> = all.iter().map(|ups| (&*ups.name, &*ups.texts[0])).collect();
    assert_eq!(names, [("rack", &b"The \"big\" one \\ cellar"[..]), ("b-2", b"")]);
    // Names that cannot be requested, that come twice, and lines that are not closed.
    let odd = b"BEGIN LIST UPS\nUPS a\nUPS \"x y\" \"d\"\nUPS a \"again\"\nUPS b \"open\nVAR a b\nUPS\nEND LIST UPS\n";
    let (all, has_more) = upses(odd).unwrap();
    assert_eq!((all.len(), &*all[0].name, has_more), (1, "a", true));
    let many: String = (0..20).map(|n| format!("UPS u{n} \"\"\n")).collect();
    let (all, has_more) =
        upses(format!("BEGIN LIST UPS\n{many}END LIST UPS\n").as_bytes()).unwrap();
    assert_eq!((all.len(), has_more), (MAX_UPS, true));
}

#[test]
fn variables_are_parsed_as_numbers_texts_and_flags() {
    let mut ups = Ups { name: "rack".to_owned(), ..Ups::default() };
    let text = b"BEGIN LIST VAR rack\n\
        VAR rack battery.charge \"97.5\"\nVAR rack battery.runtime \"1830\"\n\
        VAR rack battery.voltage \"27.1349\"\nVAR rack ups.load \"12\"\n\
        VAR rack ups.temperature \"-3.25\"\nVAR rack input.voltage \"n/a\"\n\
        VAR rack ups.status \"OB DISCHRG LB  ECO HE OB\"\nVAR rack ups.mfr \"APC\"\n\
        VAR rack ups.model \"Back-UPS \\\"RS\\\"\"\nVAR other ups.load \"99\"\n\
        VAR rack ups.load.extra \"1\"\nEND LIST VAR rack\n";
    ups.read(text).unwrap();
    let numbers = [Some(97_500), Some(1_830_000), Some(27_134), Some(12_000), None, None];
    assert_eq!(ups.numbers[..6], numbers);
    assert_eq!(ups.numbers[6..], [Some(-3250), None, None, None, None]);
    // OB is bit 1, LB bit 2, DISCHRG bit 6.
    assert_eq!(ups.status, Some((0b100_0110, 2)));
    assert_eq!(ups.texts[1..], [b"APC".to_vec(), b"Back-UPS \"RS\"".to_vec()]);
    assert_eq!(STATES[ups.state].0, "ok");
}

#[test]
fn errors_are_states_of_the_driver() {
    for (text, state) in [
        ("ERR DATA-STALE\n", "data_stale"),
        ("ERR DRIVER-NOT-CONNECTED\r\n", "driver_not_connected"),
        ("ERR UNKNOWN-UPS extra\n", "unknown_ups"),
        ("ERR ACCESS-DENIED\n", "access_denied"),
        ("ERR FEATURE-NOT-CONFIGURED\n", "other_error"),
    ] {
        let mut ups = Ups { name: "a".to_owned(), ..Ups::default() };
        assert_eq!((ups.read(text.as_bytes()), STATES[ups.state].0), (Ok(()), state), "{text}");
    }
    for broken in [
        "",
        "BEGIN LIST VAR b\nEND LIST VAR b\n",
        "BEGIN LIST VAR a\nVAR a x \"1\"\n",
        "BEGIN LIST VAR a\nEND LIST VAR b\n",
        "OK\n",
    ] {
        let mut ups = Ups { name: "a".to_owned(), ..Ups::default() };
        assert_eq!(ups.read(broken.as_bytes()), Err(Refusal::Broken), "{broken}");
    }
    assert_eq!(upses(b"ERR ACCESS-DENIED\n").unwrap_err(), Refusal::State(4));
}

#[test]
fn an_answer_is_whole_with_its_last_line() {
    assert!(is_whole(UPSES) && is_whole(b"ERR DATA-STALE\n"));
    for cut in 0..UPSES.len() {
        assert!(!is_whole(&UPSES[..cut]), "{cut}");
    }
}

#[test]
fn numbers_are_thousandths() {
    for (text, expected) in [
        ("0", Some(0)),
        ("100.0", Some(100_000)),
        ("0.0019", Some(1)),
        ("-0.5", Some(-500)),
        ("9223372036854775", Some(9_223_372_036_854_775_000)),
        ("9223372036854776", None),
        ("12.", Some(12_000)),
        (".5", None),
        ("1e3", None),
        ("1.x", None),
        ("", None),
        ("-", None),
        (" 1", None),
    ] {
        assert_eq!(thousandths(text.as_bytes()), expected, "{text}");
    }
}
