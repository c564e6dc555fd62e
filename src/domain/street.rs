//! Street names in free-text addresses.

/// The street of an address: the text before the first comma or semicolon, without its house
/// number. `None` where no letter is left.
pub fn street(address: &str) -> Option<&str> {
    let line = address.split([',', ';']).next().unwrap_or_default().trim();
    // Some sources separate the street from the town by two spaces.
    let line = line.split("  ").next().unwrap_or_default();
    let mut rest = line;
    // `12`, `12A`, `12-14`: house numbers begin with a digit; `1re Avenue` is a street.
    while let Some((word, behind)) = rest.split_once(' ') {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
        if digits == 0 || letters > 1 {
            break;
        }
        rest = behind.trim_start();
    }
    (rest.chars().any(char::is_alphabetic)).then_some(rest)
}

/// The most frequent streets of the addresses, at most three. A street that occurs once is left out
/// unless it is the only one.
pub fn streets<'a>(addresses: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    addresses.filter_map(street).for_each(|street| *counts.entry(street).or_default() += 1);
    let mut list: Vec<(&str, usize)> = counts.into_iter().collect();
    list.sort_by_key(|(street, count)| (std::cmp::Reverse(*count), *street));
    let least = if list.len() == 1 { 1 } else { 2 };
    let often = list.into_iter().filter(|(_, count)| *count >= least);
    often.take(3).map(|(street, _)| street.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streets_of_addresses() {
        for (address, wanted) in [
            ("1250 rue Saint-Jean, Vieux-Québec", Some("rue Saint-Jean")),
            ("12-14 avenue Cartier", Some("avenue Cartier")),
            ("39A Lorraine St  Roslindale  MA  02131", Some("Lorraine St")),
            ("1re Avenue, Limoilou", Some("1re Avenue")),
            ("boulevard Charest", Some("boulevard Charest")),
            ("1250", None),
            ("", None),
        ] {
            assert_eq!(street(address), wanted, "{address}");
        }
        let addresses = ["1 rue A, X", "2 rue A, X", "3 rue B, X", "rue C"];
        assert_eq!(streets(addresses.into_iter()), ["rue A"]);
    }
}
