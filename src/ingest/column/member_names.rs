//! Names of members of nested objects: the name of the object in which most columns lie says
//! nothing about them.

use crate::ingest::column::values::ColumnSample;
use crate::ingest::column::words::{Concept, NameWords};

/// Columns that an object has at least, for its name to be left out of theirs.
const MEMBERS_MIN: usize = 3;

/// The start that the names of most columns have, with the dot at its end: `attributes.`; empty
/// where they have none. O(columns · depth).
pub fn common_object(names: &[String], values: &[ColumnSample]) -> String {
    let is_leaf = |number: usize| {
        values.get(number).is_none_or(|of| of.filled == 0 || of.share(of.containers) < 0.5)
    };
    let names = names.iter().enumerate().filter(|(number, _)| is_leaf(*number));
    let leaves: Vec<&str> = names.map(|(_, name)| name.as_str()).collect();
    let mut common = String::new();
    loop {
        let next = leaves.iter().find_map(|name| {
            let (member, rest) = name.strip_prefix(&*common)?.split_once('.')?;
            let is_name = !member.is_empty() && rest.starts_with(|c: char| !c.is_whitespace());
            let start = format!("{common}{member}.");
            let within = leaves.iter().filter(|name| name.starts_with(&start)).count();
            let is_most = within >= MEMBERS_MIN && within * 2 > leaves.len();
            (is_name && is_most && !is_about_requests(member)).then_some(start)
        });
        match next {
            Some(next) => common = next,
            None => return common,
        }
    }
}

/// Does the name of an object say what its members are about, as `category` does? The name of an
/// object for a whole record says no more than `request` or `attributes`.
fn is_about_requests(member: &str) -> bool {
    const FIELDS: [Concept; 4] =
        [Concept::Category, Concept::Status, Concept::Address, Concept::Area];
    let words = NameWords::of(member);
    words.has_any(&FIELDS) && !words.has(Concept::Request) && words.unknown == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_of_most_columns_is_found() {
        for (names, wanted) in [
            ("id,type,attributes.a,attributes.b,attributes.c", "attributes."),
            ("_id,_source.a,_source.b,_source.c.d", "_source."),
            ("x,data.record.a,data.record.b,data.record.c", "data.record."),
            ("id,created,place.lat,place.lon", ""),
            ("a.x,b.y,c.z", ""),
            ("category.name,category.slug,category.parent.name,created_at", ""),
            (
                "service_request.id,service_request.status,service_request.address",
                "service_request.",
            ),
            ("N. 1,N. 2,N. 3", ""),
            ("id,status", ""),
        ] {
            let names: Vec<String> = names.split(',').map(str::to_owned).collect();
            assert_eq!(common_object(&names, &[]), wanted, "{names:?}");
        }
    }
}
