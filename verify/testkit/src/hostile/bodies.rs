//! The generators of hostile bodies. No body of any of them is valid.

#![expect(clippy::expect_used, reason = "the slices are never empty")]

use rand::Rng;
use rand::rngs::StdRng;

use crate::gzip::{bomb, gzip};

use super::batch::{
    BODY_BYTES_MAX, batch, list, object, one_of, some_batch, transaction, with_field,
};

/// A name and a function.
pub type Generator = (&'static str, fn(&mut StdRng) -> Vec<u8>);

/// Generators of bodies of a few kilobytes.
pub const GENERATORS: &[Generator] = &[
    ("truncated", truncated),
    ("invalid JSON", invalid_json),
    ("invalid UTF-8", invalid_utf8),
    ("lone surrogate", lone_surrogate),
    ("deep", deep),
    ("huge number", huge_number),
    ("repeated name", repeated_name),
    ("wrong type", wrong_type),
    ("missing field", missing_field),
    ("control character", control_character),
    ("long text", long_text),
    ("long name", long_name),
    ("impossible date", impossible_date),
    ("unknown account", unknown_account),
    ("wrong count", wrong_count),
    ("incomplete gzip", incomplete_gzip),
    ("damaged gzip", damaged_gzip),
];

/// Generators of bodies of megabytes.
pub const HEAVY: &[Generator] = &[
    ("6 MB and a byte", too_large),
    ("10,000 faulty transactions", many_faults),
    ("10,001 transactions", too_many_transactions),
    ("too many accounts", too_many_accounts),
    ("6 MB of levels", very_deep),
    ("6 MB of one text", very_long_text),
    ("6 MB of a flag", very_long_flag),
    ("6 MB of texts", very_many_texts),
    ("6 MB of texts in another form than NFC", very_many_forms),
    ("6 MB of spaces in texts", very_many_spaces),
    ("6 MB of marks", very_many_marks),
    ("6 MB of one number", very_long_number),
    ("6 MB of one name", very_long_name),
    ("6 MB of fields", very_many_fields),
    ("6 MB of elements", very_many_elements),
    ("6 MB of small objects", very_many_objects),
    ("6 MB of names in escapes", very_many_escaped_names),
    ("6 MB of escapes", very_many_escapes),
    ("10,000 unknown accounts", unknown_accounts),
    ("6 MB and a byte in gzip", gzip_too_large),
    ("6 MB of elements in gzip", gzip_of_elements),
    ("a gigabyte in gzip", gzip_bomb),
    ("6 MB of empty gzip members", gzip_members),
];

fn truncated(random: &mut StdRng) -> Vec<u8> {
    let mut body = some_batch(random, 20).into_bytes();
    body.truncate(random.random_range(0..body.len()));
    body
}

fn invalid_json(random: &mut StdRng) -> Vec<u8> {
    let length = random.random_range(1..2_000);
    let noise: Vec<u8> = (0..length).map(|_| random.random()).collect();
    let text = some_batch(random, 3);
    match random.random_range(0..6) {
        // No JSON starts with a control character.
        0 => [vec![1], noise].concat(),
        1 => {
            text.replace("-42.50", one_of(random, &["NaN", "+1", ".5", "1.", "0x1", "--1"])).into()
        }
        2 => format!("\u{feff}{text}").into(),
        3 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        4 => text.replace('"', "'").into(),
        _ => format!("{text}{text}").into(),
    }
}

fn invalid_utf8(random: &mut StdRng) -> Vec<u8> {
    let mut body = some_batch(random, 5).into_bytes();
    let sequences: &[&[u8]] = &[
        &[0xff],
        &[0x80],
        &[0xc0, 0xaf],
        &[0xe2, 0x82],
        &[0xed, 0xa0, 0x80],
        &[0xf4, 0x90, 0x80, 0x80],
    ];
    let at = random.random_range(0..=body.len());
    let sequence = one_of(random, sequences);
    body.splice(at..at, sequence.iter().copied());
    body
}

fn lone_surrogate(random: &mut StdRng) -> Vec<u8> {
    let half =
        one_of(random, &["\\ud800", "\\uDFFF", "\\ud83d\\ud83d", "\\udc00\\ud800", "x\\udbff\\n"]);
    let field = one_of(random, &["name", "transaction_id", "unknown", half]);
    with_field(field, &format!("\"{half}\"")).into()
}

fn deep(random: &mut StdRng) -> Vec<u8> {
    let levels = random.random_range(33..3_000);
    let (open, close) = one_of(random, &[("[", "]"), ("{\"a\":", "}"), ("[{\"\":[", "]}]")]);
    let closed = open.repeat(levels) + "0" + &close.repeat(levels);
    match random.random_range(0..3) {
        0 => closed.into(),
        1 => open.repeat(levels).into(),
        _ => with_field("location", &closed).into(),
    }
}

fn huge_number(random: &mut StdRng) -> Vec<u8> {
    let digits = "9".repeat(random.random_range(27..1_000));
    let exponent = random.random_range(26..1_000_000_000_u64);
    let (field, number) = match random.random_range(0..6) {
        0 => ("amount", digits),
        1 => ("amount", format!("1e{exponent}")),
        2 => ("amount", format!("-0.{digits}")),
        3 => ("amount", format!("\"{digits}e-{exponent}\"")),
        4 => ("amount", format!("1e-{digits}")),
        _ => ("date", digits),
    };
    with_field(field, &number).into()
}

fn repeated_name(random: &mut StdRng) -> Vec<u8> {
    let mut fields = transaction("tx");
    let (name, value) = fields.get(random.random_range(0..fields.len())).expect("a field").clone();
    let twice = "[{\"a\": {\"b\": 1, \"\\u0062\": 2}}]".to_owned();
    match random.random_range(0..3) {
        0 => fields.push((name, value)),
        1 => fields.push((name.replace('a', "\\u0061").replace('e', "\\u0065"), value)),
        _ => fields.push(("unknown".to_owned(), twice)),
    }
    // Every name contains at least one of the two escaped letters.
    batch(&[object(&fields)], "").into()
}

fn wrong_type(random: &mut StdRng) -> Vec<u8> {
    let value = one_of(random, &["[]", "{}", "true", "[\"a\"]", "{\"a\": 1}", "[[[]]]"]);
    let text = some_batch(random, 3);
    match random.random_range(0..5) {
        0 => format!("[{text}]").into(),
        1 => {
            text.replacen("\"transactions\": [", &format!("\"transactions\": [{value},"), 1).into()
        }
        2 => text.replacen("\"total_transactions\": ", "\"total_transactions\": -", 1).into(),
        3 => one_of(random, &["null", "1", "\"a\"", "true"]).into(),
        _ => {
            let fields =
                ["transaction_id", "account_id", "amount", "iso_currency_code", "date", "name"];
            with_field(one_of(random, &fields), value).into()
        }
    }
}

fn missing_field(random: &mut StdRng) -> Vec<u8> {
    let mut fields = transaction("tx");
    // The first five are required; the name is, without the merchant's name.
    fields.remove(random.random_range(0..5));
    batch(&[object(&fields)], "").into()
}

fn control_character(random: &mut StdRng) -> Vec<u8> {
    let unit = one_of(random, &[0_u32, 1, 7, 9, 10, 13, 27, 31, 127, 128, 133, 159]);
    // In names it folds to a space.
    let field = one_of(random, &["transaction_id", "account_id", "pending_transaction_id"]);
    with_field(field, &format!("\"a\\u{unit:04x}b\"")).into()
}

fn long_text(random: &mut StdRng) -> Vec<u8> {
    let letter = one_of(random, &["a", "é", "🚀", "e\u{301}", "\\u0061", "\u{fb2c}"]);
    let field = one_of(random, &["name", "merchant_name", "transaction_id", "payment_channel"]);
    let text = letter.repeat(random.random_range(513..5_000));
    with_field(field, &format!("\"{text}\"")).into()
}

fn long_name(random: &mut StdRng) -> Vec<u8> {
    let letter = one_of(random, &["a", "é", "~", "/", "\\u0061"]);
    with_field(&letter.repeat(random.random_range(129..5_000)), "0").into()
}

fn impossible_date(random: &mut StdRng) -> Vec<u8> {
    let dates = [
        "1969-12-31",
        "9999-12-31",
        "2025-02-30",
        "2025-13-01",
        "0000-00-00",
        "+12025-01-01",
        "2025-10-30T25:00:00Z",
        "2025-10-30T08:00:00",
        "99999999999999999999",
        "-1",
        "today",
    ];
    let field = one_of(random, &["date", "authorized_date"]);
    with_field(field, &format!("\"{}\"", one_of(random, &dates))).into()
}

fn unknown_account(random: &mut StdRng) -> Vec<u8> {
    with_field("account_id", &format!("\"unknown {}\"", random.random::<u32>())).into()
}

fn wrong_count(random: &mut StdRng) -> Vec<u8> {
    let count = one_of(
        random,
        &[
            "\"total_transactions\": 1",
            "\"total_transactions\": 18446744073709551616",
            "\"total\": ",
        ],
    );
    some_batch(random, 9).replace("\"total_transactions\": ", count).into()
}

fn too_large(random: &mut StdRng) -> Vec<u8> {
    let mut body = some_batch(random, 5).into_bytes();
    body.resize(BODY_BYTES_MAX + 1, b' ');
    body
}

fn many(count: usize, field: &str, json: impl Fn(usize) -> String) -> Vec<u8> {
    let one = |index: usize| {
        let mut fields = transaction(&format!("tx_{index}"));
        fields.retain(|(name, _)| name != field);
        fields.push((field.to_owned(), json(index)));
        object(&fields)
    };
    batch(&(0..count).map(one).collect::<Vec<_>>(), "").into()
}

fn many_faults(_: &mut StdRng) -> Vec<u8> {
    many(10_000, "amount", |_| "\"ten\"".to_owned())
}

fn too_many_transactions(_: &mut StdRng) -> Vec<u8> {
    many(10_001, "name", |index| format!("\"{index}\""))
}

fn unknown_accounts(_: &mut StdRng) -> Vec<u8> {
    many(10_000, "account_id", |index| format!("\"unknown {index}\""))
}

fn too_many_accounts(_: &mut StdRng) -> Vec<u8> {
    let account = |index| format!(r#"{{"account_id":"{index}","name":"a","type":"b"}}"#);
    let accounts = list(account, BODY_BYTES_MAX - 1_000);
    batch(&[object(&transaction("tx"))], "")
        .replace("\"accounts\": [", &format!("\"accounts\": [{accounts},"))
        .into()
}

fn very_deep(random: &mut StdRng) -> Vec<u8> {
    let (open, close) = one_of(random, &[("[", "]"), ("{\"a\":", "}")]);
    let levels = (BODY_BYTES_MAX - 1_000) / (open.len() + close.len());
    with_field("location", &(open.repeat(levels) + "0" + &close.repeat(levels))).into()
}

fn very_long_text(random: &mut StdRng) -> Vec<u8> {
    let letter = one_of(random, &["a", "é", "e\u{301}", "\u{fb2c}", "\u{301}"]);
    let text = letter.repeat((BODY_BYTES_MAX - 1_000) / letter.len());
    with_field(one_of(random, &["name", "account_id"]), &format!("\"{text}\"")).into()
}

fn very_long_flag(random: &mut StdRng) -> Vec<u8> {
    let letter = one_of(random, &["a", "\u{7f}"]);
    with_field("pending", &format!("\"{}\"", letter.repeat(BODY_BYTES_MAX - 1_000))).into()
}

/// A body of the maximum size whose texts all have the maximum length. Only the count is wrong.
fn many_texts(mut text: impl FnMut(usize) -> String) -> Vec<u8> {
    let mut transactions = Vec::new();
    let mut bytes = 1_000;
    loop {
        let (id, name, merchant) = (text(110), text(512), text(512));
        let index = transactions.len();
        let transaction = format!(
            "{{\"transaction_id\":\"{index}{id}\",\"account_id\":\"acc\",\"amount\":1,\
             \"iso_currency_code\":\"USD\",\"date\":\"2025-10-30\",\"name\":\"{name}\",\
             \"merchant_name\":\"{merchant}\"}}"
        );
        bytes += transaction.len() + 1;
        if bytes > BODY_BYTES_MAX {
            return batch(&transactions, "")
                .replace("\"total_transactions\": ", "\"total_transactions\": 1")
                .into();
        }
        transactions.push(transaction);
    }
}

fn very_many_texts(random: &mut StdRng) -> Vec<u8> {
    let letter = one_of(random, &["a", "é", "한", "🚀"]);
    many_texts(|length| letter.repeat(length))
}

/// Texts that are not in NFC.
fn very_many_forms(random: &mut StdRng) -> Vec<u8> {
    let letter = one_of(random, &["\u{1d160}", "\u{fb2c}", "\u{958}", "e\u{301}"]);
    many_texts(|length| letter.repeat(length / 3))
}

/// Spaces of all kinds, which become single ones.
fn very_many_spaces(random: &mut StdRng) -> Vec<u8> {
    let space = one_of(random, &["a  ", "a\u{3000}\u{200b}", " \u{85}\u{200e}", "\\n\\u0000a"]);
    many_texts(|length| space.repeat(length / 3))
}

/// Combining marks, in the order of NFC or not.
fn very_many_marks(random: &mut StdRng) -> Vec<u8> {
    let marks = ["\u{334}", "\u{316}", "\u{59a}", "\u{300}", "\u{345}"];
    let is_sorted = random.random();
    many_texts(|length| {
        let mark = |index| marks.get(if is_sorted { index * 5 / length } else { index * 7 % 5 });
        (1..length).filter_map(mark).fold("1".to_owned(), |text, mark| text + mark)
    })
}

fn very_long_number(random: &mut StdRng) -> Vec<u8> {
    let digits =
        one_of(random, &["9", "0.", "1e", "1e-"]).to_owned() + &"9".repeat(BODY_BYTES_MAX - 1_000);
    with_field("amount", &digits).into()
}

fn very_long_name(random: &mut StdRng) -> Vec<u8> {
    let letter = one_of(random, &["a", "~", "\\u0061"]);
    let end = one_of(random, &["", "\\n"]);
    with_field(&(letter.repeat((BODY_BYTES_MAX - 1_000) / letter.len()) + end), "0").into()
}

fn very_many_fields(random: &mut StdRng) -> Vec<u8> {
    let value = one_of(random, &["0", "{}", "\"\""]);
    let fields = list(|index| format!("\"{index:x}\":{value}"), BODY_BYTES_MAX - 1_000);
    with_field("location", &format!("{{{fields}}}")).into()
}

fn very_many_elements(random: &mut StdRng) -> Vec<u8> {
    let element = one_of(random, &["0", "[]", "\"\"", "{}"]);
    let elements = list(|_| element.to_owned(), BODY_BYTES_MAX - 1_000);
    let field = one_of(random, &["\"accounts\": [", "\"transactions\": ["]);
    batch(&[object(&transaction("tx"))], "").replace(field, &format!("{field}{elements},")).into()
}

fn very_many_objects(random: &mut StdRng) -> Vec<u8> {
    let element = one_of(random, &["{\"\":0}", "{\"a\":0,\"a\":0}", "[{\"\":{\"\":0}}]"]);
    let elements = list(|_| element.to_owned(), BODY_BYTES_MAX - 1_000);
    let field = "\"location\": 0, \"location\": ";
    with_field("location", &format!("[{elements}]")).replace("\"location\": ", field).into()
}

fn very_many_escaped_names(_: &mut StdRng) -> Vec<u8> {
    let names: Vec<_> = (1..17).map(|code| format!("\"\\u{code:04x}\":0")).collect();
    let object = format!("{{{}}}", names.join(","));
    let objects = list(|_| object.clone(), 490_000 / 17 * (object.len() + 1));
    // The last object is faulty.
    with_field("location", &format!(r#"[{objects},{{"a":0,"\u0061":0}}]"#)).into()
}

fn very_many_escapes(random: &mut StdRng) -> Vec<u8> {
    let escape = one_of(random, &["\\u0000", "\\ud83d\\ude80", "\\n", "\\\""]);
    let text = escape.repeat((BODY_BYTES_MAX - 1_000) / escape.len());
    with_field("name", &format!("\"{text}\"")).into()
}

fn incomplete_gzip(random: &mut StdRng) -> Vec<u8> {
    let mut stream = gzip(some_batch(random, 20).as_bytes());
    stream.truncate(random.random_range(2..stream.len()));
    stream
}

/// The batch is invalid too, because gzip does not protect every byte of its header.
fn damaged_gzip(random: &mut StdRng) -> Vec<u8> {
    let mut stream = gzip(&wrong_count(random));
    let index = random.random_range(0..stream.len());
    if let Some(byte) = stream.get_mut(index) {
        *byte ^= 1 << random.random_range(0..8);
    }
    stream
}

fn gzip_too_large(random: &mut StdRng) -> Vec<u8> {
    gzip(&too_large(random))
}

fn gzip_of_elements(random: &mut StdRng) -> Vec<u8> {
    gzip(&very_many_elements(random))
}

fn gzip_bomb(_: &mut StdRng) -> Vec<u8> {
    bomb()
}

fn gzip_members(_: &mut StdRng) -> Vec<u8> {
    let member = gzip(b"");
    member.repeat(BODY_BYTES_MAX / member.len())
}
