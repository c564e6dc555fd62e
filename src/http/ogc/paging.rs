//! The order of a list (`sortby`) and the place of a page in it (`cursor`).

use serde_json::{Value, json};

use crate::http::ogc::collection::OgcCollection;
use crate::http::request::parameter::request;
use crate::http::request::parameter::{Optional, Parameter, query};
use crate::http::request::reader::{ParameterReader, Read};
use crate::http::request::types::{Custom, Patterned};
use crate::i18n::Language;
use crate::message;
use crate::query::{
    ListKey, NEWEST_FIRST, PagePlace, SORT_TERMS_MAX, SortProperty, SortTerm, SortValue,
};

/// A property by which a list is sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortWord {
    /// Its name.
    pub name: String,
    /// Greatest values first?
    pub is_descending: bool,
}

const SORTBY: Parameter<Custom<Vec<SortWord>>, Optional> = query(
    "sortby",
    Custom {
        read: |text, _| Ok(words(text)),
        schema: || {
            let word = json!({ "type": "string", "pattern": "^[+-]?[^,]+$" });
            json!({ "type": "array", "items": word, "minItems": 1, "maxItems": SORT_TERMS_MAX })
        },
        example: |text| json!(text.split(',').collect::<Vec<_>>()),
    },
)
.optional()
.described(
    "Propriétés par lesquelles trier, au plus quatre : « +nom » ou « nom » pour l’ordre \
     croissant, « -nom » pour l’ordre décroissant ; voir « sortables ». Sans valeur, une entité \
     vient à la fin ; à égalité, l’ordre est celui des identifiants.",
    "Properties to sort by, at most four: '+name' or 'name' for ascending order, '-name' for \
     descending order; see 'sortables'. Features without a value come last; equal ones are in the \
     order of their ids.",
);

/// The cursor of a page: in the usual order `SECOND.REVISION~ID`, in another order
/// `REVISION~VALUE~…~ID`; with `<` before it for a page that ends there.
const CURSOR: Parameter<Patterned, Optional> =
    query("cursor", Patterned(r"^<?([-+]?[0-9]+\.\+?[0-9]+~|\+?[0-9]+(~[^~]+)+~)"))
        .optional()
        .described(
            "Début ou fin de la page, repris des liens « next » et « prev ».",
            "Start or end of the page, as in the links 'next' and 'prev'.",
        );

/// The properties of a list, as they are written.
fn words(text: &str) -> Vec<SortWord> {
    let word = |text: &str| {
        // A plus sign in a query string is read as a space.
        let (name, is_descending) = match text.strip_prefix('-') {
            Some(name) => (name, true),
            None => (text.strip_prefix(['+', ' ']).unwrap_or(text), false),
        };
        SortWord { name: name.to_owned(), is_descending }
    };
    text.split(',').map(word).collect()
}

request! {
    /// The parameters of the order of a list and of the place of a page in it.
    pub struct PagingParameters {
        order: Option<Vec<SortWord>> = SORTBY,
        cursor: Option<String> = CURSOR,
    }
}

/// The end of a page from which another page is read.
#[derive(Debug, Clone, PartialEq)]
pub struct PageCursor {
    /// The values of the item at that end: of the properties of the order, or when it was made.
    pub values: Vec<Value>,
    /// The id of that item.
    pub id: String,
    /// The city's revision when the client fetched the first page. Later pages leave out reports
    /// that were recorded after it.
    pub began: u64,
    /// Does the page end before that item instead of starting after it?
    pub is_backwards: bool,
}

/// The order of a list and the place of a page in it.
#[derive(Debug, Clone, Default)]
pub struct ListPaging {
    /// The properties of the order; empty for the usual one.
    pub order: Vec<SortWord>,
    /// Where the page is; `None` for the first one.
    pub cursor: Option<PageCursor>,
}

impl PageCursor {
    /// The text of the parameter for a list in this order.
    pub fn text(&self, order: &[SortWord]) -> String {
        let Self { values, id, began, is_backwards } = self;
        let sign = if *is_backwards { "<" } else { "" };
        if order.is_empty() {
            let second = values.first().and_then(Value::as_i64).unwrap_or_default();
            return format!("{sign}{second}.{began}~{id}");
        }
        let encoded = |value: &Value| -> String {
            form_urlencoded::byte_serialize(value.to_string().as_bytes()).collect()
        };
        let values: Vec<String> = values.iter().map(encoded).collect();
        format!("{sign}{began}~{}~{id}", values.join("~"))
    }

    /// Parses the parameter for a list in this order.
    fn parse(text: &str, order: &[SortWord]) -> Option<Self> {
        let (is_backwards, text) = match text.strip_prefix('<') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if order.is_empty() {
            let (key, id) = text.split_once('~')?;
            let (second, began) = key.split_once('.')?;
            let (values, id) = (vec![json!(second.parse::<i64>().ok()?)], id.to_owned());
            return Some(Self { values, id, began: began.parse().ok()?, is_backwards });
        }
        let parts: Vec<&str> = text.splitn(order.len() + 2, '~').collect();
        let [began, values @ .., id] = parts.as_slice() else { return None };
        let decoded = |text: &&str| {
            let pair = format!("={text}");
            let (_, value) = form_urlencoded::parse(pair.as_bytes()).next()?;
            let value: Value = serde_json::from_str(&value).ok()?;
            (!value.is_array() && !value.is_object()).then_some(value)
        };
        let values = values.iter().map(decoded).collect::<Option<Vec<Value>>>()?;
        let began = began.parse().ok().filter(|_| values.len() == order.len())?;
        Some(Self { values, id: (*id).to_owned(), began, is_backwards })
    }
}

impl PagingParameters {
    /// The order and the place, where the properties are sortables of the collection.
    pub fn of(
        self,
        collection: &OgcCollection,
        reader: &mut ParameterReader<'_>,
    ) -> Read<ListPaging> {
        let order = self.order.unwrap_or_default();
        let sortables = collection.sortables(Language::English);
        let mut refused = None;
        for (n, SortWord { name, .. }) in order.iter().enumerate() {
            let message = if !sortables.contains_key(name) {
                message!(
                    "n’est pas une propriété par laquelle trier ; voir « sortables »",
                    "is not a property to sort by; see 'sortables'"
                )
            } else if order.get(..n).unwrap_or_default().iter().any(|other| other.name == *name) {
                message!("est donné deux fois", "is given twice")
            } else {
                continue;
            };
            refused = Some(reader.refuse("sortby", name, message));
        }
        if order.len() > SORT_TERMS_MAX {
            let message = message!(
                "a plus de {SORT_TERMS_MAX} propriétés",
                "has more than {SORT_TERMS_MAX} properties"
            );
            refused = Some(reader.refuse("sortby", order.len(), message));
        }
        if let Some(refused) = refused {
            return Err(refused);
        }
        let Some(text) = self.cursor else { return Ok(ListPaging { order, cursor: None }) };
        let cursor = PageCursor::parse(&text, &order);
        let paging = cursor.map(|cursor| ListPaging { order, cursor: Some(cursor) });
        let is_place = |paging: &ListPaging| {
            !collection.is_of_reports() || paging.cursor.is_none() || paging.place().is_some()
        };
        paging.filter(is_place).ok_or_else(|| {
            let message =
                message!("n’est pas un curseur de ce service", "is not a cursor of this service");
            reader.refuse("cursor", text, message)
        })
    }
}

impl ListPaging {
    /// The order of reports.
    pub fn terms(&self) -> Vec<SortTerm> {
        if self.order.is_empty() {
            return NEWEST_FIRST.to_vec();
        }
        let term = |SortWord { name, is_descending }: &SortWord| {
            let property = SortProperty::parse(name)?;
            Some(SortTerm { property, is_descending: *is_descending })
        };
        self.order.iter().filter_map(term).collect()
    }

    /// The place of the page among reports; `None` if the values of the cursor are not of the types
    /// of the properties.
    pub fn place(&self) -> Option<PagePlace> {
        let Some(cursor) = &self.cursor else { return Some(PagePlace::Start) };
        let value = |(term, value): (SortTerm, &Value)| match value {
            Value::Null => Some(SortValue::Absent),
            Value::String(text) if !term.property.is_time() => Some(SortValue::Text(text.clone())),
            Value::Number(number) if term.property.is_time() => {
                number.as_i64().map(SortValue::Second)
            }
            _ => None,
        };
        let values = self.terms().into_iter().zip(&cursor.values).map(value);
        let key = ListKey { values: values.collect::<Option<_>>()?, id: cursor.id.clone() };
        Some(if cursor.is_backwards { PagePlace::Before(key) } else { PagePlace::After(key) })
    }
}

/// The cursor beside a report.
pub fn cursor_beside(key: ListKey, began: u64, is_backwards: bool) -> PageCursor {
    let value = |value| match value {
        SortValue::Second(second) => json!(second),
        SortValue::Text(text) => json!(text),
        SortValue::Absent => Value::Null,
    };
    let values = key.values.into_iter().map(value).collect();
    PageCursor { values, id: key.id, began, is_backwards }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back() {
        let order = words("-a, b,+c");
        assert_eq!(order[1], SortWord { name: "b".into(), is_descending: false });
        assert_eq!(order[2], SortWord { name: "c".into(), is_descending: false });
        assert!(order[0].is_descending);
        for id in ["4RX-7KM-PH", "a~b", "~", "é ☃"] {
            for is_backwards in [false, true] {
                let values = vec![json!("a~b,<é>"), Value::Null, json!(-1.5)];
                let cursor = PageCursor { values, id: id.into(), began: 7, is_backwards };
                assert_eq!(PageCursor::parse(&cursor.text(&order), &order), Some(cursor.clone()));
                let usual = PageCursor { values: vec![json!(-3)], ..cursor };
                assert_eq!(PageCursor::parse(&usual.text(&[]), &[]), Some(usual.clone()));
                assert_eq!(PageCursor::parse(&usual.text(&[]), &order), None);
            }
        }
    }

    #[test]
    fn other_texts_are_no_cursors() {
        let order = words("a");
        for text in ["", "x", "1~x", "1.2~x", "x~1~y", "1~[1]~y", "1~{}~y", "1~nul~y", "-1~1~y"] {
            assert_eq!(PageCursor::parse(text, &order), None, "{text}");
        }
    }
}
