"""The console's modules without a page: each is imported in the browser and called with examples."""

import hashlib

from stage import URL, Stage


def call(stage: Stage, module: str, expression: str, argument=None):
    """The value of an expression in which `m` is the module and `a` the argument."""
    tab = stage.tab()
    try:
        tab.open()
        # The tool's own evaluation is not bound by the policy of the page.
        return tab.page.evaluate(
            f"async (a) => {{ const m = await import('{URL}/console/{module}'); return ({expression}); }}", argument)
    finally:
        tab.close()


def test_numbers_of_json_keep_their_text(stage: Stage):
    text = r'{"a": -1.50, "b": [12345678901234567890.123, 1e5, true, null], "c": "2 \" 3.0, -4", "5": "\\"}'
    assert call(stage, "json.js", "m.parseExact(a)", text) == {
        "a": "-1.50", "b": ["12345678901234567890.123", "1e5", True, None], "c": '2 " 3.0, -4', "5": "\\"}
    wrong = ["{a: 1}", "[01]", "[1.]", '["a" 1]', "[.5]", "[1,]", "", "[+1]"]
    assert call(stage, "json.js", "a.filter((text) => { try { m.parseExact(text); return true; } catch { return false; } })", wrong) == []


def test_amounts_are_formatted_exactly(stage: Stage):
    cases = [("-1234.50", "USD", {}, "−$1,234.50"), ("12345678901234567890123456.78", "USD", {}, "$12,345,678,901,234,567,890,123,456.78"),
             ("1234", "JPY", {}, "¥1,234"), ("1.234", "KWD", {}, "KWD\xa01.234"), ("-0.00012345", "BTC", {}, "−0.00012345 BTC"),
             ("0.00", "USD", {"plus": True}, "$0.00"), ("5.00", "USD", {"plus": True}, "+$5.00"), ("7.5", "USD", {"unofficial": True}, "7.5 USD"),
             ("-0.000000000000000001", "ETH", {}, "−0.000000000000000001 ETH")]
    shown = call(stage, "money.js", "a.map(([amount, code, options]) => m.formatAmount(amount, code, options))", [case[:3] for case in cases])
    assert shown == [case[3] for case in cases], shown


def test_sums_are_exact(stage: Stage):
    sums = [(["0.1", "0.2"], "0.3"), (["1000000000000000000000000.005", "-2.3", "1.10"], "999999999999999999999998.805"),
            ([], "0"), (["-0.5"], "-0.5"), (["5", "-5.00"], "0.00")]
    assert call(stage, "money.js", "a.map((amounts) => m.sum(amounts))", [amounts for amounts, _ in sums]) == [total for _, total in sums]


def test_amounts_of_banks_are_read(stage: Stage):
    cases = [("1,234.50", ".", "1234.50"), ("1.234,50", ",", "1234.50"), ("1 234,50-", ",", "-1234.50"), ("(12.00)", ".", "-12.00"),
             ("€ 5", ".", "5"), ("+5", ".", "5"), ("-$3.20", ".", "-3.20"), ("$-3.20", ".", "-3.20"), ("5 EUR", ".", "5"), (".5", ".", "0.5"),
             ("−7", ".", "-7"), ("1'000.25", ".", "1000.25"), ("1,23,456.00", ".", "123456.00"), ("0012.10", ".", "12.10"),
             ("12,5", ".", None), ("1.2.3", ".", None), ("abc", ".", None), ("", ".", None), ("-", ".", None), ("1e3", ".", None), ("--1", ".", None)]
    read = call(stage, "money.js", "a.map(([text, mark]) => m.readAmount(text, mark))", [case[:2] for case in cases])
    assert read == [case[2] for case in cases], read


def test_csv_follows_rfc_4180(stage: Stage):
    cases = [
        ('a,b\r\n1,2\r\n', ",", [["a", "b"], ["1", "2"]]),
        ('\ufeffa;b\n"x ""q"";\n y";2\n\n3;', ";", [["a", "b"], ['x "q";\n y', "2"], ["3", ""]]),
        ("a\tb\r1\t2", "\t", [["a", "b"], ["1", "2"]]),
        ('"",x\n"a,b","c"', ",", [["", "x"], ["a,b", "c"]]),
    ]
    for text, delimiter, records in cases:
        parsed = call(stage, "csv.js", "m.parseCsv(...a)", [text, delimiter])
        assert [record["fields"] for record in parsed["records"]] == records, parsed
        assert call(stage, "csv.js", "m.guessDelimiter(a)", text) == delimiter
    lines = call(stage, "csv.js", "m.parseCsv(a, ',').records.map(({line}) => line)", 'a,b\n"1\n\n1",2\n\n3,4')
    assert lines == [1, 2, 6]
    assert call(stage, "csv.js", "m.parseCsv(a, ',').fault.line", 'a,b\n1,"2\n3,4') == 2


def test_encodings_of_banks_are_read(stage: Stage):
    for encoding, name in [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252"), ("utf-16", "UTF-16")]:
        decoded = call(stage, "csv.js", "m.decode(new Uint8Array(a).buffer)", list("Empfänger €".encode(encoding)))
        assert decoded == {"text": "Empfänger €", "encoding": name}


def test_days_of_banks_are_read(stage: Stage):
    cases = [("2026-10-30", "ymd", "2026-10-30"), ("30/10/2026", "dmy", "2026-10-30"), ("10/30/2026", "mdy", "2026-10-30"),
             ("30.10.26", "dmy", "2026-10-30"), ("20261030", "ymd", "2026-10-30"), ("30 Oct 2026", "dmy", "2026-10-30"),
             ("Oct 30, 2026", "mdy", "2026-10-30"), ("2026-10-30 08:00", "ymd", "2026-10-30"), ("2026-10-30T08:00:00+02:00", "ymd", "2026-10-30T08:00:00+02:00"),
             ("31.02.2026", "dmy", None), ("13/13/2026", "dmy", None), ("soon", "dmy", None), ("2026-13-02", "ymd", None)]
    read = call(stage, "days.js", "a.map(([text, order]) => m.readDay(text, order))", [case[:2] for case in cases])
    assert read == [case[2] for case in cases], read


def test_hashes_are_sha_256(stage: Stage):
    texts = ["", "abc", "ü" * 100, "a" * 55, "a" * 56, "a" * 64, "x" * 1000]
    assert call(stage, "sha256.js", "a.map(m.sha256)", texts) == [hashlib.sha256(text.encode()).hexdigest() for text in texts]


def test_derived_ids_are_stable_and_distinct(stage: Stage):
    expression = """(() => {
        const row = (amount) => ({ number: 1, raw: { date: "2026-10-30", amount, name: "Coffee" } });
        const options = { accountId: "a", currency: "USD", mark: ".", order: "ymd" };
        const ids = (...amounts) => m.check(amounts.map(row), options).map(({ transaction }) => transaction.transaction_id);
        return [ids("-1.50", "-1.50"), ids("-1.5", "-1.5"), ids("-2", "-1.50")];
    })()"""
    first, again, other = call(stage, "rows.js", expression)
    assert first == again and len(set(first)) == 2
    assert other[1] == first[0] and other[0] not in first


def test_batches_are_cut_at_the_limits(stage: Stage):
    expression = "m.cut(Array.from({ length: a[0] }, () => ({ transaction: { name: 'x'.repeat(a[1]) } }))).map((rows) => rows.length)"
    assert call(stage, "send.js", expression, [5_000, 10]) == [5_000]
    assert call(stage, "send.js", expression, [5_001, 10]) == [5_000, 1]
    assert call(stage, "send.js", expression, [6, 1_000_000]) == [4, 2]
