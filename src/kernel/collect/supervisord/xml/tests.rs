use super::*;

/// In the form of supervisord 4.2.
const HEAD: &str =
    "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><array><data>\n";
const TAIL: &str = "</data></array></value>\n</param>\n</params>\n</methodResponse>\n";

fn process(members: &[(&str, &str)]) -> String {
    let member = |(name, value): &(&str, &str)| {
        format!("<member>\n<name>{name}</name>\n<value>{value}</value>\n</member>\n")
    };
    let members: String = members.iter().map(member).collect();
    format!("<value><struct>\n{members}</struct></value>\n")
}

fn read(text: &str) -> (Result<(), String>, Vec<String>, bool) {
    let mut processes = Processes::default();
    let result = processes.read(text.as_bytes()).map_err(|error| error.to_string());
    let shown = processes.all.iter().map(|one| {
        let text = |text: &[u8]| String::from_utf8(text.to_vec()).unwrap();
        let [group, name] = [processes.group(one), processes.name(one)].map(text);
        format!("{group}:{name} {:?} {:?} {:?}", one.state, one.exit_status, one.start)
    });
    (result, shown.collect(), processes.error.is_some())
}

#[test]
fn processes_are_read_and_sorted() {
    let two = [
        process(&[
            ("name", "<string>web</string>"),
            ("group", "web&lt;&#38;&quot;"),
            ("start", "<int>1700000000</int>"),
            ("description", "<string>pid 7, uptime 0:00:01</string>"),
            ("state", "<i4>20</i4>"),
            ("spawnerr", "<string></string>"),
            ("exitstatus", "<int>-3</int>"),
        ]),
        process(&[("name", "<string>a</string>"), ("group", "<string>a</string>")]),
    ];
    let (result, shown, has_error) = read(&[HEAD, &two.concat(), TAIL].concat());
    assert_eq!((result, has_error), (Ok(()), false));
    let web = "web<&\":web Some(20) Some(-3) Some(1700000000)";
    assert_eq!(shown, ["a:a None None None", web]);
    assert_eq!(read(&[HEAD, TAIL].concat()), (Ok(()), vec![], false));
}

#[test]
fn bad_numbers_and_repeated_names_are_left_out() {
    let one = process(&[("name", "<string>a</string>"), ("state", "<int>x</int>")]);
    let (result, shown, has_error) = read(&[HEAD, &one, TAIL].concat());
    assert_eq!((result, has_error), (Ok(()), true));
    assert_eq!(shown, [":a None None None"]);
    let (_, shown, has_error) = read(&[HEAD, &one, &one, TAIL].concat());
    assert_eq!((shown.len(), has_error), (1, true));
    let nameless = process(&[("state", "<int>20</int>")]);
    assert_eq!(read(&[HEAD, &nameless, TAIL].concat()).1, [""; 0]);
    let text = process(&[("name", "<string>a</string>"), ("state", "<string>20</string>")]);
    assert_eq!(read(&[HEAD, &text, TAIL].concat()).1, [":a None None None"]);
}

#[test]
fn faults_and_cut_answers_are_errors() {
    let fault = process(&[
        ("faultCode", "<int>1</int>"),
        ("faultString", "<string>UNKNOWN_METHOD</string>"),
    ]);
    let text = format!("<methodResponse>\n<fault>\n{fault}</fault>\n</methodResponse>");
    assert!(read(&text).0.unwrap_err().contains("UNKNOWN_METHOD"));
    let one = process(&[("name", "<string>a</string>"), ("state", "<int>20</int>")]);
    let whole = [HEAD, &one, TAIL].concat();
    for cut in 0..whole.trim_end().len() {
        assert!(read(&whole[..cut]).0.is_err(), "{cut}");
    }
    let nested = whole.replace("<int>20</int>", "<struct></struct>");
    assert!(read(&nested).0.is_err());
    let many = [HEAD, &one.repeat(MAX_PROCESSES + 1), TAIL].concat();
    assert!(read(&many).0.unwrap_err().contains("at most"));
    let long = whole.replace("20", &"2".repeat(MAX_TEXT + 1));
    assert!(read(&long).0.unwrap_err().contains("more than"));
}
