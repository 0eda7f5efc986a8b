//! Normalises text to lower case words without accents, for rules and transactions alike.
//! Letters outside the Latin script are lower-cased only, not transliterated.

/// Appends the words of `text` to `out`: lower case, without accents, each followed by one space.
///
/// Anything that is neither a letter nor a digit ends a word, except apostrophes, which are removed
/// (`McDonald’s` is one word). Linear in `text`.
pub(super) fn push_words(text: &str, out: &mut String) {
    let mut in_word = false;
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            out.push(letter.to_ascii_lowercase());
            in_word = true;
        } else if letter.is_ascii() {
            if letter != '\'' && letter != '`' {
                end_word(&mut in_word, out);
            }
        } else if !is_removed(letter) {
            push_folded(letter, &mut in_word, out);
        }
    }
    end_word(&mut in_word, out);
}

fn end_word(in_word: &mut bool, out: &mut String) {
    if *in_word {
        out.push(' ');
        *in_word = false;
    }
}

/// Apostrophes, combining accents and invisible joiners.
fn is_removed(letter: char) -> bool {
    matches!(letter,
        '´' | 'ʼ' | '‘' | '’' | '‛' | '′' | '＇'
        | '\u{00AD}' | '\u{0300}'..='\u{036F}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
}

fn push_folded(letter: char, in_word: &mut bool, out: &mut String) {
    for lower in letter.to_lowercase() {
        // Full-width forms are at a fixed offset from ASCII.
        let narrow = match lower {
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(lower) - 0xFEE0).unwrap_or(lower),
            other => other,
        };
        match fold_latin(narrow) {
            Some(plain) => out.push_str(plain),
            None if narrow.is_alphanumeric() => out.push(narrow),
            None if is_removed(narrow) => continue,
            None => {
                end_word(in_word, out);
                continue;
            }
        }
        *in_word = true;
    }
}

/// The ASCII letters for an accented letter of a European language.
fn fold_latin(lower: char) -> Option<&'static str> {
    Some(match lower {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ð' | 'ď' | 'đ' => "d",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'þ' => "th",
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        'a'..='z' | '0'..='9' => return ascii(lower),
        _ => return None,
    })
}

/// ASCII arrives here only from full-width forms or from lower-casing, as of `K` (kelvin).
fn ascii(letter: char) -> Option<&'static str> {
    const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
    let at = LETTERS.find(letter)?;
    LETTERS.get(at..=at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        let mut out = String::new();
        push_words(text, &mut out);
        out
    }

    #[test]
    fn case_accents_and_apostrophes_are_normalised() {
        assert_eq!(words("McDonald's"), "mcdonalds ");
        assert_eq!(words("MCDONALD’S"), "mcdonalds ");
        assert_eq!(words("CAFÉ Crème"), "cafe creme ");
        assert_eq!(words("cafe\u{301}"), "cafe ");
        assert_eq!(words("ŻABKA Łódź"), "zabka lodz ");
        assert_eq!(words("Straße"), "strasse ");
        assert_eq!(words("İstanbul"), "istanbul ");
        assert_eq!(words("ＵＢＥＲ"), "uber ");
    }

    #[test]
    fn punctuation_separates_words() {
        assert_eq!(words("AMZN Mktp US*2K4"), "amzn mktp us 2k4 ");
        assert_eq!(words("GOOGLE *CLOUD_EU#1-2.com"), "google cloud eu 1 2 com ");
        assert_eq!(words("a\u{3000}b\tc"), "a b c ");
        assert_eq!(words("*#-. "), "");
        assert_eq!(words(""), "");
    }

    #[test]
    fn other_scripts_keep_their_letters() {
        assert_eq!(words("ЯНДЕКС Такси"), "яндекс такси ");
        assert_eq!(words("スターバックス"), "スターバックス ");
    }
}
