//! Names of categories that are made of several columns.

use crate::domain::fold;

/// The name of a category by its parent and its own word: `Roads – Damage`. Equal words are written
/// once.
pub fn with_parent(parts: &[&str]) -> String {
    let mut kept: Vec<&str> = Vec::with_capacity(parts.len());
    for part in parts {
        if kept.iter().all(|known| fold(known) != fold(part)) {
            kept.push(part);
        }
    }
    kept.join(" – ")
}

#[cfg(test)]
mod tests {
    use super::with_parent;

    #[test]
    fn a_category_has_the_name_of_its_parent_before_its_own() {
        assert_eq!(with_parent(&["Roads", "Damage"]), "Roads – Damage");
        assert_eq!(with_parent(&["Graffiti", "graffiti"]), "Graffiti");
        assert_eq!(with_parent(&["Trees"]), "Trees");
    }
}
