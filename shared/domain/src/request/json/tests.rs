//! The limits of a body's structure, each at the limit and one over it.

use proptest::prelude::*;

use super::string::unescape;
use super::*;
use crate::fault::{Fault, FaultPlace};

fn check_whole(json: &str) -> Result<Vec<Fault>, Stop> {
    let mut faults = Faults::default();
    let mut reader = Reader::new(json.as_bytes(), &mut faults).unwrap();
    match reader.value() {
        Ok(_) | Err(Stop::Limit) => Ok(faults.into_vec()),
        Err(lone_surrogate) => Err(lone_surrogate),
    }
}

fn pointers(json: &str) -> Vec<String> {
    check_whole(json).unwrap().into_iter().map(|fault| fault.place.as_str().to_owned()).collect()
}

fn too_many() -> Fault {
    Fault {
        place: FaultPlace::Pointer(String::new()),
        code: FaultCode::TooManyValues,
        detail: "must have at most 500000 values, nested values included".to_owned(),
    }
}

fn nested(levels: usize, open: &str, close: &str) -> String {
    open.repeat(levels) + "0" + &close.repeat(levels)
}

#[test]
fn depth_over_the_limit_is_a_fault() {
    assert_eq!(pointers(&nested(DEPTH_MAX, "[", "]")), [""; 0]);
    assert_eq!(pointers(&nested(DEPTH_MAX + 1, "[", "]")), ["/0".repeat(DEPTH_MAX)]);
    assert_eq!(pointers(&nested(DEPTH_MAX, r#"{"a":"#, "}")), [""; 0]);
    assert_eq!(pointers(&nested(DEPTH_MAX + 1, r#"{"a":"#, "}")), ["/a".repeat(DEPTH_MAX)]);
    assert_eq!(pointers(&nested(1_000_000, "[", "]")), ["/0".repeat(DEPTH_MAX)]);
    // Reading continues after a value that is too deep.
    let deep = nested(DEPTH_MAX + 5, "[", "]");
    let after = format!(r#"{{"deep": {deep}, "a": 1, "a": {{"b": "]}}", "b": 2}}}}"#);
    assert_eq!(
        pointers(&after),
        [format!("/deep{}", "/0".repeat(DEPTH_MAX - 1)), "/a".into(), "/a/b".into()]
    );
}

#[test]
fn values_over_the_limit_are_a_fault() {
    // The body, the array, pairs of values, and the rest.
    let with = |pair: &str, last: &str| {
        let pairs = vec![pair; (VALUES_MAX - 4) / 2].join(",");
        format!(r#"{{"a":[{pairs},{last}]}}"#)
    };
    for pair in [r#"{"b":0}"#, "[ null ]", r#"["a,b"]"#, "[{ }]", r#"{"b":[]}"#] {
        assert_eq!(pointers(&with(pair, "[0]")), [""; 0], "{pair}");
        let faults = check_whole(&with(pair, "[0,0]")).unwrap();
        assert_eq!(faults, [too_many()], "{pair}");
    }
    // Reading stops at the limit; earlier faults are reported.
    let faulty = format!(r#"{{"a":1,"a":[{}"\ud800"]}}"#, "0,".repeat(VALUES_MAX));
    assert_eq!(pointers(&faulty), ["/a", ""]);
}

#[test]
fn repeated_field_is_a_fault_however_it_is_escaped() {
    for (json, expected) in [
        (r#"{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}"#, &[][..]),
        (r#"{"a":1,"a":1}"#, &["/a"]),
        (r#"{"a":1,"\u0061":1,"\u0061":1}"#, &["/a", "/a"]),
        (r#"{"x":[0,{"a/b~c":1,"a/b~c":2}]}"#, &["/x/1/a~1b~0c"]),
        (r#"{"":1,"":2}"#, &["/"]),
        // Not repeated: a name and a value, and strings that contain JSON.
        (r#"{"a":"a","b":"{\"a\":1,\"a\":1}"}"#, &[]),
        (r#"[{"a":[],"a":{}}, "a", "a", [{"b":1}]]"#, &["/0/a"]),
        // They look the same but are different strings in JSON.
        ("{\"\u{e9}\":1,\"e\u{301}\":2}", &[]),
    ] {
        assert_eq!(pointers(json), expected, "{json}");
    }
}

#[test]
fn fields_over_the_limit_are_a_fault_of_their_object() {
    let with = |count: usize| {
        let fields: Vec<_> = (0..count).map(|index| format!(r#""f{index}":0"#)).collect();
        format!(r#"{{"a":[{{{}}}]}}"#, fields.join(","))
    };
    assert_eq!(pointers(&with(FIELDS_MAX)), [""; 0]);
    assert_eq!(pointers(&with(FIELDS_MAX + 1)), ["/a/0"]);
    assert_eq!(pointers(&with(100 * FIELDS_MAX)), ["/a/0"]);
}

#[test]
fn field_name_over_the_length_limit_is_a_fault_of_its_object() {
    let with = |length: usize| format!(r#"{{"a":{{"{}":{{"b":1,"b":1}}}}}}"#, "é".repeat(length));
    let longest = "é".repeat(FIELD_NAME_LENGTH_MAX);
    assert_eq!(pointers(&with(FIELD_NAME_LENGTH_MAX)), [format!("/a/{longest}/b")]);
    // The pointer is that of the object, so that the response stays short.
    assert_eq!(pointers(&with(FIELD_NAME_LENGTH_MAX + 1)), ["/a", "/a"]);
    // The same if each character is two escapes, and if the literal is too long to be unescaped.
    let escaped = |length: usize| format!(r#"{{"a":{{"{}":0}}}}"#, r"\ud83d\ude80".repeat(length));
    assert_eq!(pointers(&escaped(FIELD_NAME_LENGTH_MAX)), [""; 0]);
    for length in [FIELD_NAME_LENGTH_MAX + 1, 100 * FIELD_NAME_LENGTH_MAX] {
        assert_eq!(pointers(&escaped(length)), ["/a"]);
    }
}

proptest! {
    #[test]
    fn escapes_are_read_as_by_serde_json(
        literal in proptest::string::string_regex(
            concat!(
                r#"([ -!#-\[\]-~é🚀]|\\["\\/bfnrt]|\\u(00[0-9a-fA-F]{2}|[1-9A-Ce]00F"#,
                r"|[dD]8[3-9aB][0-9a-f]\\u[dD][C-Fc-f][0-9A-F]{2})){0,20}",
            )
        ).unwrap(),
    ) {
        let expected: String = serde_json::from_str(&format!("\"{literal}\"")).unwrap();
        prop_assert_eq!(unescape(&literal), expected);
    }

    /// Objects with few and many fields.
    #[test]
    fn repeated_name_is_found_however_it_is_escaped(
        count in 1_usize..40, twice in any::<prop::sample::Index>(),
    ) {
        let name = |index: usize, is_escaped: bool| {
            let letter = if is_escaped { format!("\\u{:04x}", 0x100 + index) } else {
                char::from_u32(0x100 + u32::try_from(index).unwrap()).unwrap().to_string()
            };
            format!("\"{letter}\":0")
        };
        let mut fields: Vec<_> = (0..count).map(|index| name(index, index % 3 == 0)).collect();
        prop_assert_eq!(pointers(&format!("{{{}}}", fields.join(","))), [""; 0]);
        let twice = twice.index(count);
        fields.push(name(twice, twice % 3 != 0));
        let place = format!("/{}", char::from_u32(0x100 + u32::try_from(twice).unwrap()).unwrap());
        prop_assert_eq!(pointers(&format!("{{{}}}", fields.join(","))), [place]);
    }
}

#[test]
fn lone_surrogate_is_rejected_everywhere() {
    for (json, place) in [
        (r#"["\ud800"]"#, 2),
        (r#"["x\udfff"]"#, 3),
        (r#"["\ud83d\ude80\ud83d"]"#, 14),
        (r#"["\ud800\ud800"]"#, 2),
        (r#"["\ud800\n"]"#, 2),
        (r#"["\ud800x"]"#, 2),
        (r#"{"a":{"\uDBFF":1}}"#, 7),
    ] {
        assert_eq!(check_whole(json), Err(Stop::LoneSurrogate(place)), "{json}");
    }
    let deep = nested(DEPTH_MAX + 5, "[", "]").replace('0', r#""\ud800""#);
    assert!(check_whole(&deep).is_err());
    for json in [r#"["\ud83d\ude80"]"#, r#"["\\ud800"]"#, r#"["\u0000\uffff"]"#, r#"["\"\\"]"#] {
        assert_eq!(check_whole(json), Ok(Vec::new()), "{json}");
    }
}

#[test]
fn reading_stops_after_the_last_reported_fault() {
    let body = |objects: usize| format!(r#"[{} "\ud800"]"#, r#"{"a":0,"a":0},"#.repeat(objects));
    assert!(check_whole(&body(Faults::REPORTED_MAX - 1)).is_err());
    let faults = check_whole(&body(Faults::REPORTED_MAX)).unwrap();
    assert_eq!(faults.len(), Faults::REPORTED_MAX);
    assert_eq!(faults.last().unwrap().place.as_str(), "/99/a");
}

/// Reads a value and collects the JSON of it and of what it contains, to this depth.
fn collect(reader: &mut Reader<'_, '_>, depth: usize, values: &mut Vec<(String, String)>) {
    let first_byte = reader.peek();
    let (start, pointer) = (reader.at, reader.pointer(&reader.path));
    match first_byte {
        Some(b'{') if depth > 0 => {
            reader
                .object(|reader| {
                    collect(reader, depth - 1, values);
                    Ok(())
                })
                .unwrap();
        }
        Some(b'[') if depth > 0 => {
            reader
                .array(|reader, _| {
                    collect(reader, depth - 1, values);
                    Ok(())
                })
                .unwrap();
        }
        _ => assert_eq!(reader.value().unwrap(), &reader.json[start..reader.at]),
    }
    values.push((pointer, reader.json[start..reader.at].to_owned()));
}

#[test]
fn values_are_read_with_their_pointers_and_without_surrounding_space() {
    let read = |json: &str| {
        let mut faults = Faults::default();
        let mut values = Vec::new();
        collect(&mut Reader::new(json.as_bytes(), &mut faults).unwrap(), 2, &mut values);
        // The body itself.
        values.pop();
        values
    };
    let expected = [
        ("/a/0", "-1.50"),
        ("/a/1", "[[\",]\"]]"),
        ("/a", "[-1.50 ,\t[[\",]\"]]]"),
        ("/b/a", "{\"a\":\r\n1}"),
        ("/b", "{\"\\u0061\":{\"a\":\r\n1}}"),
        ("/c", "{ }"),
        ("/d", "[]"),
        ("/e", "null"),
        ("/", "\"\""),
    ]
    .map(|(place, json)| (place.to_owned(), json.to_owned()));
    let body = " {\"a\":[-1.50 ,\t[[\",]\"]]] , \"b\":{\"\\u0061\":{\"a\":\r\n1}},\n\
                \"c\" : { },\"d\":[],\"e\":null ,\"\":\"\"} ";
    assert_eq!(read(body), expected);
    for json in ["[]", " {} ", "1", "\"a,b\"", "null"] {
        assert_eq!(read(json), [], "{json}");
    }
}
