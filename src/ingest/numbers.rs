//! Numbers as people and programs of several countries write them, and texts that stand for none.

/// Texts by which exports say that there is no value, in lower case.
const ABSENT: [&str; 30] = [
    "n/a",
    "na",
    "n.a.",
    "n.a",
    "#n/a",
    "#na",
    "#null!",
    "#value!",
    "#ref!",
    "#div/0!",
    "#name?",
    "null",
    "(null)",
    "<null>",
    "[null]",
    "nil",
    "nan",
    "none",
    "undefined",
    "\\n",
    "-",
    "--",
    "---",
    "–",
    "—",
    "s/o",
    "k.a.",
    "s/d",
    "<na>",
    "nat",
];

/// Bytes of the longest of these texts.
const ABSENT_BYTES_MAX: usize = 9;

/// Does the text stand for no value: `N/A`, `#N/A`, `NULL`, `-`…? In any case, without the white
/// space around it.
pub fn is_absent(text: &str) -> bool {
    let text = text.trim();
    // None of the words begins with a digit, as most short cells do.
    let may_be = text.len() <= ABSENT_BYTES_MAX && !text.starts_with(|c: char| c.is_ascii_digit());
    may_be && (text.is_empty() || ABSENT.iter().any(|word| word.eq_ignore_ascii_case(text)))
}

/// A number with a decimal point or a decimal comma, without groups of digits: `46,81`, `−71.2`.
pub fn decimal(text: &str) -> Option<f64> {
    let text = text.trim();
    let number = text.parse::<f64>().ok().or_else(|| {
        let text = text.replace('\u{2212}', "-").replacen(',', ".", 1);
        let plain = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
        if plain { text.parse().ok() } else { None }
    });
    number.filter(|number| number.is_finite())
}

/// Is it a whole number that a spreadsheet has written with fewer digits than it had, such as
/// `1.01E+11`?
pub fn is_rounded(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let (whole, decimals) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let exponent = exponent.strip_prefix('+').filter(|digits| is_digits(digits));
    let places = exponent.and_then(|digits| digits.parse::<usize>().ok());
    whole.len() == 1
        && is_digits(whole)
        && is_digits(decimals)
        && places.is_some_and(|places| places > decimals.len())
}

/// A number that may have its digits in groups: `1,002,973`, `2'683'920.5`, `5 031 850,88`. Two
/// different signs are the groups' and the decimal sign, in this order; the same sign twice is the
/// groups'; one alone before exactly three digits is the groups', else the decimal sign.
pub fn grouped(text: &str) -> Option<f64> {
    if let Ok(number) = text.trim().parse::<f64>() {
        return Some(number).filter(|number| number.is_finite());
    }
    let is_space = |c: char| c.is_whitespace() || "'’_".contains(c);
    let text: String =
        text.trim().replace('\u{2212}', "-").chars().filter(|c| !is_space(*c)).collect();
    let (commas, points) = (text.matches(',').count(), text.matches('.').count());
    let three_behind = text.rsplit(',').next().is_some_and(|last| last.len() == 3);
    let text = match (commas, points) {
        (0, 0 | 1) => text,
        (0, _) => text.replace('.', ""),
        (1, 0) if three_behind => text.replace(',', ""),
        (1, 0) => text.replace(',', "."),
        (_, 0) => text.replace(',', ""),
        _ if text.rfind(',') > text.rfind('.') => text.replace('.', "").replace(',', "."),
        _ => text.replace(',', ""),
    };
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// Is it a number whose digits are in groups of three, with its decimals after the other sign:
/// `121.400,25`, `1,270,100.25`? Such a text is no pair of numbers.
pub fn is_grouped(text: &str) -> bool {
    let text = text.trim().trim_start_matches(['+', '-', '\u{2212}']);
    let Some(at) = text.rfind(['.', ',']) else { return false };
    let (whole, decimals) =
        (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
    let between = if text.get(at..).unwrap_or_default().starts_with(',') { '.' } else { ',' };
    are_groups(whole, between) && is_digits(decimals)
}

/// Is it a number of digits in groups of three with a point between each two: `121.400`?
pub fn may_have_dots_in_groups(text: &str) -> bool {
    are_groups(text.trim().trim_start_matches(['+', '-', '\u{2212}']), '.')
}

/// As [`grouped`], where all points that may be are those of groups: `121.400` is 121400.
pub fn grouped_by_dots(text: &str) -> Option<f64> {
    match may_have_dots_in_groups(text) {
        true => grouped(&text.replace('.', "")),
        false => grouped(text),
    }
}

/// Two groups or more: up to three digits, then three in each, with this sign between them.
fn are_groups(text: &str, between: char) -> bool {
    let mut groups = text.split(between);
    let is_first = |group: &str| is_digits(group) && group.len() <= 3;
    let mut more = 0;
    groups.next().is_some_and(is_first)
        && groups.all(|group| {
            more += 1;
            group.len() == 3 && is_digits(group)
        })
        && more > 0
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// The letter by which a text says east or west: `E`, `W`, or `O`, which is the west of French,
/// Italian, Spanish and Portuguese and the east of German and Dutch. `None` where there is none or
/// the text has other words.
pub fn east_west(text: &str) -> Option<char> {
    let upper = text.to_uppercase();
    let mut letters = upper.chars().filter(|c| c.is_alphabetic() && !"NSD".contains(*c));
    let letter = letters.next().filter(|c| "EWO".contains(*c))?;
    letters.next().is_none().then_some(letter)
}

/// Degrees: decimal, or degrees with minutes and seconds, with or without a hemisphere before or
/// behind; `O` is read as west, see [`east_west`].
pub fn degrees(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Some(number) = decimal(text) {
        return Some(number);
    }
    let upper = text.replace('\u{2212}', "-").to_uppercase();
    let mut body = upper.trim();
    let mut hemisphere = None;
    for letter in ['N', 'S', 'E', 'W', 'O'] {
        if let Some(rest) = body.strip_suffix(letter).or_else(|| body.strip_prefix(letter)) {
            hemisphere = Some(letter);
            body = rest.trim();
            break;
        }
    }
    let negative = body.starts_with('-');
    let body = body.trim_start_matches(['-', '+']);
    let sign = |c: char| c.is_whitespace() || "°º˚'’′\"”″:D".contains(c);
    let known = |c: char| c.is_ascii_digit() || ".,".contains(c) || sign(c);
    if !body.chars().all(known) {
        return None;
    }
    let parts: Option<Vec<f64>> =
        body.split(sign).filter(|part| !part.is_empty()).map(decimal).collect();
    let parts = parts?;
    let marked = hemisphere.is_some() || body.contains(['°', 'º', '˚']);
    if parts.is_empty() || parts.len() > 3 || !marked {
        return None;
    }
    if parts.get(1..).unwrap_or_default().iter().any(|part| !(0.0..60.0).contains(part)) {
        return None;
    }
    let value = parts.iter().rev().fold(0.0, |sum, part| part + sum / 60.0);
    let south_west = matches!(hemisphere, Some('S' | 'W' | 'O'));
    Some(if negative != south_west { -value } else { value })
}

/// Is the text written as places are: with decimals, signs of degrees, brackets or a link? `50 S 40
/// W` is an address of a grid of streets.
pub fn is_exact(text: &str) -> bool {
    let is_decimal = |three: &[u8]| match three {
        [before, sign, behind] => {
            before.is_ascii_digit() && b".,".contains(sign) && behind.is_ascii_digit()
        }
        _ => false,
    };
    text.contains(['°', '(', '{', '[']) || text.as_bytes().windows(3).any(is_decimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_several_countries() {
        for (text, number) in [
            ("46.8123", 46.8123),
            (" 46,8123 ", 46.8123),
            ("−71,2143", -71.2143),
            ("-7.12e1", -71.2),
        ] {
            assert_eq!(decimal(text), Some(number), "{text}");
        }
        for (text, number) in [
            ("894488.00000000", 894_488.0),
            ("1,002,973", 1_002_973.0),
            ("894,488", 894_488.0),
            ("894,488.25", 894_488.25),
            ("2'683'920.5", 2_683_920.5),
            ("5 031 850,88", 5_031_850.88),
            ("5.031.850,88", 5_031_850.88),
            ("648237,5", 648_237.5),
        ] {
            assert_eq!(grouped(text), Some(number), "{text}");
        }
        for bad in ["", "north", "1,2,3x", "inf", "nan", "1-2"] {
            assert_eq!((decimal(bad), grouped(bad)), (None, None), "{bad}");
        }
    }

    #[test]
    fn groups_of_digits_are_no_pairs() {
        for text in ["121.400,25", "1,270,100.25", "-5.031.850,8", "1.000,5"] {
            assert!(is_grouped(text), "{text}");
        }
        for text in ["121.400", "46.81,-71.21", "46.812,71.213", "121.40,25", "12,5", ".5", ""] {
            assert!(!is_grouped(text), "{text}");
        }
        for (text, number) in
            [("121.400", 121_400.0), ("4.474.300", 4_474_300.0), ("121.400,25", 121_400.25)]
        {
            assert_eq!(grouped_by_dots(text), Some(number), "{text}");
        }
        assert_eq!(grouped_by_dots("121.4"), Some(121.4));
    }

    #[test]
    fn degrees_minutes_and_seconds() {
        for (text, number) in [
            ("46.81", 46.81),
            ("46°48'36\"N", 46.81),
            ("71° 12′ 36″ W", -71.21),
            ("71°12.6'O", -71.21),
            ("S33.5", -33.5),
            ("-71°12'36\"", -71.21),
            ("46°", 46.0),
        ] {
            assert!((degrees(text).unwrap() - number).abs() < 1e-9, "{text}");
        }
        for bad in ["46°61'N", "N", "46 48 36", "1°2'3\"4N", "Nord", "46x"] {
            assert_eq!(degrees(bad), None, "{bad}");
        }
    }

    #[test]
    fn texts_that_stand_for_nothing() {
        for text in ["#N/A", "-", "n/a", "NULL", " null ", "NaN", "None", "", "—", "#VALUE!"] {
            assert!(is_absent(text), "{text}");
        }
        for text in ["0", "no", "nano", "A-1", "unknown"] {
            assert!(!is_absent(text), "{text}");
        }
    }
}
