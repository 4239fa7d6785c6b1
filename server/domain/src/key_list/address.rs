//! The address of a page of the list: every part has a name, and what cannot be read stands for its default.

use super::{Column, KeyListQuery, ListFilter, ListState, Order, PageSize, SearchText};
use contract::KeyType;
use url::form_urlencoded::{Serializer, parse};

/// The most characters of a username in the address; none is longer.
const LONGEST_NAME: usize = 64;

/// The parts of a query, in their order.
#[must_use]
pub fn pairs_of(query: &str) -> Vec<(String, String)> {
    parse(query.trim_start_matches('?').as_bytes()).into_owned().collect()
}

/// A query with one part; empty where its value is.
#[must_use]
pub fn query_of(name: &str, value: &str) -> String {
    if value.is_empty() {
        return String::new();
    }
    Serializer::new(String::new()).append_pair(name, value).finish()
}

impl KeyListQuery {
    /// Reads the query of an address. Of a part that comes twice the first counts.
    #[must_use]
    pub fn parse(query: &str) -> Self {
        let pairs = pairs_of(query);
        let get = |name: &str| pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.trim());
        let size = get("size").and_then(|size| size.parse().ok());
        let username = get("user").filter(|name| !name.is_empty());
        Self {
            page: get("page").and_then(|page| page.parse().ok()).unwrap_or_default(),
            size: PageSize::ALL.into_iter().find(|one| Some(*one as u32) == size).unwrap_or_default(),
            filter: ListFilter {
                text: get("q").and_then(SearchText::parse),
                key_type: get("type").and_then(KeyType::from_name),
                username: username.map(|name| name.chars().take(LONGEST_NAME).collect()),
                state: get("state").and_then(ListState::from_name),
            },
            order: get("sort").and_then(Order::parse).unwrap_or_default(),
        }
    }

    /// The query of the address that asks the same; empty for the plain list.
    #[must_use]
    pub fn to_query(&self) -> String {
        let filter = &self.filter;
        let mut query = Serializer::new(String::new());
        let mut add = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        };
        add("q", filter.text.as_ref().map(SearchText::whole));
        add("type", filter.key_type.map(KeyType::name));
        add("user", filter.username.as_deref());
        add("state", filter.state.map(ListState::name));
        add("sort", (self.order != Order::default()).then(|| self.order.name()).as_deref());
        let size = (self.size != PageSize::default()).then(|| (self.size as u32).to_string());
        add("size", size.as_deref());
        add("page", (self.page > 1).then(|| self.page.to_string()).as_deref());
        query.finish()
    }
}

impl Order {
    /// Reads one: the name of a column, with `-` before it where the greatest comes first.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (descending, name) = text.strip_prefix('-').map_or((false, text), |name| (true, name));
        Some(Self { column: Column::from_name(name)?, descending })
    }

    /// As [`Order::parse`] reads it.
    #[must_use]
    pub fn name(self) -> String {
        format!("{}{}", if self.descending { "-" } else { "" }, self.column.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_is_read_part_by_part() {
        let query = "q=+web&type=cloud&user=shop&state=manages-keys&sort=-last_used&size=50&page=3";
        let read = KeyListQuery::parse(query);
        assert_eq!(read.filter.text.as_ref().map(SearchText::whole), Some("web"));
        assert_eq!(read.filter.key_type, Some(KeyType::Cloud));
        assert_eq!(read.filter.username.as_deref(), Some("shop"));
        assert_eq!(read.filter.state, Some(ListState::ManagesKeys));
        assert_eq!(read.order, Order { column: Column::LastUsed, descending: true });
        assert_eq!((read.size, read.page), (PageSize::Fifty, 3));
        assert_eq!(
            read.to_query(),
            "q=web&type=cloud&user=shop&state=manages-keys&sort=-last_used&size=50&page=3"
        );
    }

    #[test]
    fn what_cannot_be_read_stands_for_its_default() {
        for odd in [
            "",
            "?",
            "page=x&size=21&type=Cloud&user=&state=on&sort=id&q=++",
            "page=-1&size=&sort=--key&type=%ff",
            "page=99999999999&size=1000000&state=ACTIVE&sort=-",
            "q&page&size&sort&&&=&==",
        ] {
            assert_eq!(KeyListQuery::parse(odd), KeyListQuery::default(), "{odd:?}");
        }
        assert_eq!(KeyListQuery::default().to_query(), "");
        assert_eq!(KeyListQuery::parse("page=2&page=3").page, 2, "the first counts");
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_written_so_that_it_reads_the_same(query in ".{0,300}") {
            let read = KeyListQuery::parse(&query);
            let written = read.to_query();
            prop_assert!(written.is_ascii() && !written.contains(['\r', '\n', ' ', '"', '<', '#']));
            let again = KeyListQuery::parse(&written);
            prop_assert_eq!(&again.filter, &read.filter);
            prop_assert_eq!((again.page.max(1), again.size, again.order), (read.page.max(1), read.size, read.order));
        }

        #[test]
        fn any_text_can_be_looked_for(text in ".{0,60}") {
            let query = Serializer::new(String::new()).append_pair("q", &text).finish();
            let read = KeyListQuery::parse(&query);
            prop_assert_eq!(KeyListQuery::parse(&read.to_query()), read);
        }
    }
}
