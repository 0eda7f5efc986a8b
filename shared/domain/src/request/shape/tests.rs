//! The limits of a body's shape, each at the limit and one past it.

use super::*;
use crate::fault::Fault;

fn check_whole(json: &str) -> Result<Vec<Fault>, HalfCharacter> {
    assert!(serde_json::from_str::<serde::de::IgnoredAny>(json).is_ok(), "it is JSON: {json:.200}");
    let mut faults = Faults::default();
    check(json, &mut faults)?;
    Ok(faults.into_vec())
}

fn pointers(json: &str) -> Vec<String> {
    check_whole(json).unwrap().into_iter().map(|fault| fault.pointer).collect()
}

fn nested(levels: usize, open: &str, close: &str) -> String {
    open.repeat(levels) + "0" + &close.repeat(levels)
}

#[test]
fn a_body_may_have_so_many_levels_and_no_more() {
    assert_eq!(pointers(&nested(DEPTH_MAX, "[", "]")), [""; 0]);
    assert_eq!(pointers(&nested(DEPTH_MAX + 1, "[", "]")), ["/0".repeat(DEPTH_MAX)]);
    assert_eq!(pointers(&nested(DEPTH_MAX, r#"{"a":"#, "}")), [""; 0]);
    assert_eq!(pointers(&nested(DEPTH_MAX + 1, r#"{"a":"#, "}")), ["/a".repeat(DEPTH_MAX)]);
    assert_eq!(pointers(&nested(1_000_000, "[", "]")), ["/0".repeat(DEPTH_MAX)]);
    // What comes after it is looked at again.
    let deep = nested(DEPTH_MAX + 5, "[", "]");
    let after = format!(r#"{{"deep": {deep}, "a": 1, "a": {{"b": "]}}", "b": 2}}}}"#);
    assert_eq!(
        pointers(&after),
        [format!("/deep{}", "/0".repeat(DEPTH_MAX - 1)), "/a".into(), "/a/b".into()]
    );
}

#[test]
fn a_field_stands_once_in_an_object_however_it_is_written() {
    for (json, expected) in [
        (r#"{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}"#, &[][..]),
        (r#"{"a":1,"a":1}"#, &["/a"]),
        (r#"{"a":1,"\u0061":1,"\u0061":1}"#, &["/a", "/a"]),
        (r#"{"x":[0,{"a/b~c":1,"a/b~c":2}]}"#, &["/x/1/a~1b~0c"]),
        (r#"{"":1,"":2}"#, &["/"]),
        // Not two names: a name and a value, and texts that look like JSON.
        (r#"{"a":"a","b":"{\"a\":1,\"a\":1}"}"#, &[]),
        (r#"[{"a":[],"a":{}}, "a", "a", [{"b":1}]]"#, &["/0/a"]),
        // The same to the eye, and another text to JSON.
        ("{\"\u{e9}\":1,\"e\u{301}\":2}", &[]),
    ] {
        assert_eq!(pointers(json), expected, "{json}");
    }
}

#[test]
fn an_object_may_have_so_many_fields_and_no_more() {
    let with = |count: usize| {
        let fields: Vec<_> = (0..count).map(|index| format!(r#""f{index}":0"#)).collect();
        format!(r#"{{"a":[{{{}}}]}}"#, fields.join(","))
    };
    assert_eq!(pointers(&with(FIELDS_MAX)), [""; 0]);
    assert_eq!(pointers(&with(FIELDS_MAX + 1)), ["/a/0"]);
    assert_eq!(pointers(&with(100 * FIELDS_MAX)), ["/a/0"]);
}

#[test]
fn a_field_may_have_so_long_a_name_and_no_longer() {
    let with = |length: usize| format!(r#"{{"a":{{"{}":{{"b":1,"b":1}}}}}}"#, "é".repeat(length));
    let longest = "é".repeat(FIELD_NAME_LENGTH_MAX);
    assert_eq!(pointers(&with(FIELD_NAME_LENGTH_MAX)), [format!("/a/{longest}/b")]);
    // The place is that of the object: an answer repeats no name without end.
    assert_eq!(pointers(&with(FIELD_NAME_LENGTH_MAX + 1)), ["/a", "/a"]);
}

#[test]
fn half_of_a_surrogate_pair_is_no_character_wherever_it_stands() {
    for (json, place) in [
        (r#"["\ud800"]"#, 2),
        (r#"["x\udfff"]"#, 3),
        (r#"["\ud83d\ude80\ud83d"]"#, 14),
        (r#"["\ud800\ud800"]"#, 2),
        (r#"["\ud800\n"]"#, 2),
        (r#"["\ud800x"]"#, 2),
        (r#"{"a":{"\uDBFF":1}}"#, 7),
    ] {
        assert_eq!(check_whole(json), Err(HalfCharacter(place)), "{json}");
    }
    let deep = nested(DEPTH_MAX + 5, "[", "]").replace('0', r#""\ud800""#);
    assert!(check_whole(&deep).is_err());
    for json in [r#"["\ud83d\ude80"]"#, r#"["\\ud800"]"#, r#"["\u0000\uffff"]"#, r#"["\"\\"]"#] {
        assert_eq!(check_whole(json), Ok(Vec::new()), "{json}");
    }
}
