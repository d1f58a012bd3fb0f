//! Conditions, and the errors about wrong ones.

use super::*;

fn steps(text: &str) -> Vec<Step> {
    Expr::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).steps
}

#[test]
fn operators_come_after_their_sides() {
    use Step::{Calculate, Compare, Number, Series};
    assert_eq!(steps("a>1"), [Series(0), Number(1.0), Compare(Comparison::Greater)]);
    assert_eq!(
        steps(" a - b * 2 / ( c + -1.5e3 ) <= .5 "),
        [
            Series(0),
            Series(1),
            Number(2.0),
            Calculate(Operator::Multiply),
            Series(2),
            Number(-1500.0),
            Calculate(Operator::Add),
            Calculate(Operator::Divide),
            Calculate(Operator::Subtract),
            Number(0.5),
            Compare(Comparison::LessOrEqual),
        ]
    );
    for (text, comparison) in [
        (">", Comparison::Greater),
        (">=", Comparison::GreaterOrEqual),
        ("<", Comparison::Less),
        ("<=", Comparison::LessOrEqual),
        ("==", Comparison::Equal),
        ("!=", Comparison::NotEqual),
    ] {
        let last = *steps(&["1", text, "a"].concat()).last().unwrap();
        assert_eq!(last, Compare(comparison));
    }
}

#[test]
fn selectors_have_matchers_and_a_window() {
    let text = r#"rate(disk:x_total{device="sd\"a\\",mode!='r"w',a=~"b|c",d!~`\d`,}[1h30m]) > 1"#;
    let expr = Expr::parse(text).unwrap();
    let [only] = &expr.series[..] else { panic!("{expr:?}") };
    assert_eq!((only.name.as_str(), only.matchers.len()), ("disk:x_total", 4));
    assert_eq!(only.want, Want::Rate(Duration::from_secs(5400)));
    let taken: [(&[u8], bool); 12] = [
        (b"sd\"a\\", true),
        (b"sda", false),
        (b"", false),
        (b"r\"w", false),
        (b"rw", true),
        (b"", true),
        (b"b", true),
        (b"bc", false),
        (b"\xff", false),
        (b"5", false),
        (b"55", true),
        (b"\xff", true),
    ];
    for (at, (value, expected)) in taken.into_iter().enumerate() {
        let matcher = &only.matchers[at / 3];
        assert_eq!(matcher.takes(value), expected, "{matcher:?} {value:?}");
    }
    let want = |text: &str| Expr::parse(text).unwrap().series[0].want;
    assert_eq!(want("increase(a[500ms]) > 1"), Want::Increase(Duration::from_millis(500)));
    assert_eq!(want("rate(a{}[1d])>1"), Want::Rate(MAX_WINDOW));
    assert_eq!(want("rate > 1"), Want::Value, "a metric may be called so");
}

#[test]
fn absence_has_the_labels_that_are_certain() {
    let labels = |matchers: &str| {
        let expr = Expr::parse(&["absent(a{", matchers, "})"].concat()).unwrap();
        assert_eq!((expr.steps.len(), expr.series[0].want), (1, Want::Absent));
        let labels = expr.series[0].absent_labels();
        labels.iter().map(|(k, v)| [k, "=", v].concat()).collect::<Vec<_>>().join(" ")
    };
    for (matchers, expected) in [
        ("", ""),
        ("b=\"2\",a=\"1\"", "a=1 b=2"),
        ("a=~\"1\",b!=\"2\",c!~\"3\",d=\"4\"", "d=4"),
        ("a=\"1\",a=\"2\",b=\"3\"", "b=3"),
        ("a=\"1\",a!=\"2\"", ""),
        ("a!=\"2\",a=\"1\"", "a=1"),
    ] {
        assert_eq!(labels(matchers), expected, "{matchers}");
    }
    assert!(
        check("absent (a) * 2 >= 1").is_ok()
            && check("(absent(a))").is_ok()
            && check("absent > 1").is_ok()
    );
}

#[test]
fn mistakes_have_their_column() {
    for (text, sentence) in [
        (
            "",
            "column 1: found the end, expected a number, a metric, rate(, increase(, absent( or (",
        ),
        ("a", "column 2: found the end, expected +, -, *, / or a comparison"),
        ("a > ", "column 5: found the end, expected a number, a metric"),
        ("a = 1", "column 3: found \"=\", expected +, -, *, / or a comparison"),
        ("a > 1 > 2", "column 7: found \">\", expected the end of the condition"),
        ("1 > 2", "column 1: found \"1\", expected at least one metric"),
        (
            "a{__name__=\"b\"} > 1",
            "column 3: found \"__name__=\\\"b\\\"}\", expected another label",
        ),
        ("a{b} > 1", "column 4: found \"}\", expected =, !=, =~ or !~"),
        ("a{b=c} > 1", "column 5: found \"c}\", expected a text in quotation marks"),
        ("a{b=\"c} > 1", "column 5: found \"\\\"c}\", expected a text in quotation marks"),
        ("a{b=~\"(\"} > 1", "column 6: found \"\\\"(\\\"}\", expected a regular expression"),
        ("a{b=~\"c)|(d\"} > 1", "column 6: found \"\\\"c)|(d\\\"}\", expected a regular"),
        ("a{b=\"\\d\"} > 1", "column 6: found \"\\\\d\\\"}\", expected"),
        ("a{,} > 1", "column 3: found \",}\", expected a label or }"),
        ("a{b=\"1\" c=\"2\"} > 1", "column 9: found \"c=\\\"2\\\"}\", expected , or }"),
        ("absent(a) 1", "column 11: found \"1\", expected +, -, *, / or a comparison"),
        ("absent(a[1m])", "column 9: found \"[1m])\", expected )"),
        ("absent(1) > 0", "column 8: found \"1)\", expected a metric"),
        ("absent(rate(a[1m])) > 0", "column 12: found \"(a[1m]))"),
        ("rate(a) > 1", "column 7: found \")\", expected a time in square brackets"),
        ("rate(a[1]) > 1", "column 8: found \"1])\", expected a time in square brackets"),
        ("rate(a[0s]) > 1", "column 8: found \"0s])\", expected a time of more"),
        ("rate(a[25h]) > 1", "column 8: found \"25h])\", expected a time of more"),
        ("rate(a[1m1m]) > 1", "column 8: found \"1m1m])\", expected a time in square"),
        ("rate(a[1m) > 1", "column 10: found \")\", expected ]"),
        ("é + sum(a) > 1", "column 1: found \"é\", expected a number"),
        (
            "a + sum(a) > 1",
            "column 5: found \"sum(a)\", expected rate, increase or absent before (",
        ),
        ("a > Inf", "column 5: found \"Inf\", expected a number that compares"),
        ("(a > 1", "column 4: found \">\", expected +, -, *, / or )"),
        ("a[1m] > 1", "column 2: found \"[1m]\", expected +, -, *, / or a comparison"),
        ("-a > 1", "column 2: found \"a\", expected a number"),
        ("1e > a", "column 2: found \"e\", expected +, -, *"),
    ] {
        let error = Expr::parse(text).unwrap_err();
        assert!(error.starts_with(sentence), "{text}: {error}");
    }
}

#[test]
fn everything_is_bounded() {
    let deep = |n: usize| ["(".repeat(n), "a".to_owned(), ")".repeat(n), ">1".into()].concat();
    assert!(check(&deep(MAX_DEPTH)).is_ok());
    assert!(check(&deep(MAX_DEPTH + 1)).unwrap_err().contains("fewer brackets"));
    let wide = |n: usize| [vec!["a"; n].join("+"), " > 1".to_owned()].concat();
    assert!(check(&wide(MAX_SERIES)).is_ok());
    assert!(check(&wide(MAX_SERIES + 1)).unwrap_err().contains("fewer metrics"));
    let labels = |n: usize| ["a{", &"b=\"\",".repeat(n), "} > 1"].concat();
    assert!(check(&labels(MAX_MATCHERS)).is_ok());
    assert!(check(&labels(MAX_MATCHERS + 1)).unwrap_err().contains("fewer labels"));
    assert!(check(&" ".repeat(MAX_TEXT + 1)).unwrap_err().contains("longer than"));
    assert!(check("a{b=~\"(x{1000}){1000}\"} > 1").unwrap_err().contains("too large"));
}
