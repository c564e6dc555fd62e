//! Members of a JSON answer that show that it is one page of several: how many records there are in
//! all, where the next page is, and that records were left out.

use serde_json::Value;

use crate::i18n::Message;
use crate::message;

/// Members that hold the number of all records.
const TOTALS: [&str; 15] = [
    "total",
    "total_count",
    "totalCount",
    "total_records",
    "totalRecords",
    "total_entries",
    "totalElements",
    "numberMatched",
    "nhits",
    "@odata.count",
    "totalSize",
    "totalItems",
    "total_items",
    "totalResults",
    "hydra:totalItems",
];
/// Members that hold the address, number or token of the next page.
const NEXT: [&str; 16] = [
    "next",
    "next_page",
    "nextPage",
    "next_url",
    "nextUrl",
    "next_page_url",
    "nextLink",
    "@odata.nextLink",
    "next_page_token",
    "nextPageToken",
    "next_cursor",
    "nextCursor",
    "nextRecordsUrl",
    "next_link",
    "hydra:next",
    "continuationToken",
];
/// Objects beside the records that describe the page.
const ABOUT: [&str; 12] = [
    "meta",
    "metadata",
    "pagination",
    "paging",
    "page",
    "links",
    "_links",
    "response_metadata",
    "hydra:view",
    "view",
    "pageInfo",
    "page_info",
];
/// Set to true where records were left out: by ArcGIS, and by others.
const CUT: [&str; 10] = [
    "exceededTransferLimit",
    "has_more",
    "hasMore",
    "has_next",
    "hasNext",
    "hasNextPage",
    "has_next_page",
    "truncated",
    "isTruncated",
    "is_truncated",
];
/// Set to false where further records follow.
const WHOLE: [&str; 5] = ["done", "last", "isLast", "is_last", "is_last_page"];
/// Members that hold the number of the page, from 1, and that of all pages.
const PAGE: [&str; 5] = ["page", "current_page", "currentPage", "page_number", "pageNumber"];
const PAGES: [&str; 9] = [
    "pages",
    "totalPages",
    "total_pages",
    "last_page",
    "lastPage",
    "pageCount",
    "page_count",
    "num_pages",
    "nb_pages",
];

/// What a document says about being one page of a longer answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageMembers {
    /// How many records there are in all.
    pub total: Option<u64>,
    /// Records were left out.
    pub is_cut: bool,
    /// There is a next page.
    pub has_next: bool,
    /// The address of the next page, as the document writes it.
    pub next: Option<String>,
    /// Which page it is, from 1.
    page: Option<u64>,
    /// How many pages there are.
    pages: Option<u64>,
}

impl PageMembers {
    /// Is the member at this path read by [`Self::take`]?
    pub fn are_at(path: &[&str]) -> bool {
        let (name, about) = match path {
            ["links"] => return true,
            [name] => (name, true),
            // CKAN, whose link to a next page is there on the last one, too.
            ["result", name] => return ["total", "totalCount"].contains(name),
            ["metadata", "pagination", "entries"] => return true,
            ["_links" | "links", "next", "href"] => return true,
            ["properties", name] => return CUT.contains(name),
            ["metadata" | "meta", "pagination" | "page", name] => (name, true),
            [about, name] => (name, ABOUT.contains(about)),
            _ => return false,
        };
        about && (TOTALS.contains(name) || NEXT.contains(name) || CUT.contains(name))
    }

    /// Is the number or truth value at this path read by [`Self::take_scalar`]? A list or an object
    /// there may be the records.
    pub fn have_scalar_at(path: &[&str]) -> bool {
        let (name, is_about) = match path {
            [name] => (name, true),
            [about, name] | ["meta" | "metadata", about, name] => (name, ABOUT.contains(about)),
            _ => return false,
        };
        let has = |names: &[&str]| names.contains(name);
        is_about && (has(&WHOLE) || has(&PAGE) || has(&PAGES))
    }

    /// Takes a number or truth value.
    pub fn take_scalar(&mut self, name: &str, value: &Value) {
        if WHOLE.contains(&name) {
            self.is_cut |= value.as_bool() == Some(false);
        } else if PAGE.contains(&name) {
            self.page = value.as_u64().or(self.page);
        } else {
            self.pages = value.as_u64().or(self.pages);
        }
    }

    /// Are there pages after this one? Of several pages without their number, this may be the
    /// first.
    fn has_pages_after(&self) -> bool {
        self.pages.is_some_and(|pages| pages > self.page.unwrap_or(1))
    }

    /// Takes the value of a member.
    pub fn take(&mut self, path: &[&str], value: &Value) {
        match path.last() {
            Some(&"links") => self.take_links(value),
            Some(&"href") => self.take_next(value),
            Some(name) if CUT.contains(name) => self.is_cut |= value.as_bool() == Some(true),
            Some(name) if NEXT.contains(name) => self.take_next(value),
            _ => {
                let text = || value.as_str().and_then(|text| text.trim().parse().ok());
                self.total = self.total.max(value.as_u64().or_else(text));
            }
        }
    }

    /// Links of OGC API: a list of objects with `rel` and `href`; or an object of links.
    fn take_links(&mut self, links: &Value) {
        let of_list = links.as_array().into_iter().flatten();
        for link in of_list.filter(|link| link["rel"] == "next") {
            self.take_next(&link["href"]);
        }
        for name in NEXT {
            self.take_next(&links[name]);
        }
    }

    fn take_next(&mut self, next: &Value) {
        match next {
            Value::String(text) if !text.trim().is_empty() => {
                self.has_next = true;
                let is_address = text.contains('/') || text.starts_with('?');
                self.next = is_address.then(|| text.trim().to_owned()).or(self.next.take());
            }
            Value::Number(_) => self.has_next = true,
            Value::Object(link) => self.take_next(link.get("href").unwrap_or(&Value::Null)),
            _ => {}
        }
    }

    /// Why a document of so many records holds only a part of them; `None` where it holds all. Of a
    /// document that was read at its start alone, the number of records is not known.
    pub fn incomplete(&self, records: Option<u64>) -> Option<Message> {
        match (self.total, records) {
            (Some(total), Some(records)) if total > records => Some(message!(
                "incomplet : le fichier contient {records} enregistrements sur {total} ; c’est une \
                 page d’une réponse plus longue",
                "incomplete: the file holds {records} of {total} records; it is one page of a \
                 longer answer"
            )),
            _ if self.is_cut || self.has_next || self.has_pages_after() => Some(message!(
                "incomplet : le fichier dit que d’autres enregistrements suivent ; c’est une page \
                 d’une réponse plus longue",
                "incomplete: the file says that more records follow; it is one page of a longer \
                 answer"
            )),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use crate::ingest::read::outline::Outline;

    fn incomplete(text: &str) -> Option<String> {
        let outline = Outline::read(text.as_bytes().take(1 << 20)).unwrap();
        let records = outline.arrays.iter().map(|array| array.objects).max();
        outline.page.incomplete(records).map(|message| message.en)
    }

    #[test]
    fn one_page_of_several_is_noticed_in_every_layout() {
        for page in [
            r#"{"features":[{"a":1}],"exceededTransferLimit":true}"#,
            r#"{"features":[{"a":1}],"properties":{"exceededTransferLimit":true}}"#,
            r#"{"features":[{"a":1}],"numberMatched":2,"numberReturned":1}"#,
            r#"{"features":[{"a":1}],"links":[{"rel":"next","href":"/b"}]}"#,
            r#"{"success":true,"result":{"records":[{"a":1}],"total":200}}"#,
            r#"{"total_count":"12","results":[{"a":1}]}"#,
            r#"{"nhits":12,"records":[{"fields":{"a":1}}]}"#,
            r#"{"count":12,"next":"https://a.example/?page=2","results":[{"a":1}]}"#,
            r#"{"next_page":2,"data":[{"a":1}]}"#,
            r#"{"links":{"next":"?page=2"},"data":[{"a":1}]}"#,
            r#"{"_links":{"next":{"href":"/x"}},"items":[{"a":1}]}"#,
            r#"{"meta":{"total":7},"data":[{"a":1}]}"#,
            r#"{"@odata.nextLink":"https://a.example/x","value":[{"a":1}]}"#,
            r#"{"metadata":{"pagination":{"entries":9,"next_page":2,"next_page_url":"https://a.example/2"}},
               "issues":[{"a":1}]}"#,
            r#"{"totalSize":5,"done":false,"nextRecordsUrl":"/query/2","records":[{"a":1}]}"#,
            r#"{"done":false,"records":[{"a":1}]}"#,
            r#"{"totalPages":4,"page":1,"records":[{"a":1}]}"#,
            r#"{"items":[{"a":1}],"current_page":2,"last_page":3}"#,
            r#"{"pagination":{"page":1,"pages":40},"items":[{"a":1}]}"#,
            r#"{"meta":{"pagination":{"page":1,"pageCount":3}},"data":[{"a":1}]}"#,
            r#"{"content":[{"a":1}],"last":false}"#,
            r#"{"hydra:member":[{"a":1}],"hydra:view":{"hydra:next":"/x?page=2"}}"#,
            r#"{"hydra:member":[{"a":1}],"hydra:totalItems":8}"#,
            r#"{"member":[{"a":1}],"view":{"next":"/x?page=2"},"totalItems":8}"#,
            r#"{"nodes":[{"a":1}],"pageInfo":{"hasNextPage":true}}"#,
            r#"{"truncated":true,"rows":[{"a":1}]}"#,
        ] {
            assert!(
                incomplete(page).is_some_and(|text| text.starts_with("incomplete: ")),
                "{page}"
            );
        }
        for whole in [
            r#"{"features":[{"a":1}],"exceededTransferLimit":false}"#,
            r#"{"features":[{"a":1}],"numberMatched":1,"links":[{"rel":"self","href":"/a"}]}"#,
            r#"{"result":{"records":[{"a":1}],"total":1,"_links":{"next":"/a?offset=100"}}}"#,
            r#"{"next":null,"links":{"next":""},"results":[{"a":1,"next":"/b","total":99}]}"#,
            r#"[{"next":"/a","total":9}]"#,
            r#"{"done":true,"totalSize":1,"records":[{"a":1}]}"#,
            r#"{"page":4,"totalPages":4,"records":[{"a":1}]}"#,
            r#"{"pagination":{"page":1,"pages":1},"last":true,"items":[{"a":1}]}"#,
            r#"{"done":[{"a":1}],"pages":{"x":1},"truncated":false}"#,
        ] {
            assert_eq!(incomplete(whole), None, "{whole}");
        }
    }
}
