//! The address of a page of the history: which lines are wanted. What cannot be read stands for its default.

use crate::act::Action;
use crate::ids::{KeyId, Username};
use crate::key_list::pairs_of;
use url::form_urlencoded::Serializer;

/// Which lines of the history are wanted, and which page of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// The name of the user whom they concern.
    pub user: Option<String>,
    /// The key that they are about, or through which a program asked.
    pub key: Option<KeyId>,
    /// What was done.
    pub action: Option<Action>,
    /// The page, from 1; 0 stands for the first one.
    pub page: u32,
}

impl HistoryQuery {
    /// Reads the query of an address. Of a part that comes twice the first counts.
    #[must_use]
    pub fn parse(query: &str) -> Self {
        let pairs = pairs_of(query);
        let get = |name: &str| pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.trim());
        let user = get("user").filter(|name| !name.is_empty());
        Self {
            user: user.map(cut),
            key: get("key").and_then(|key| key.parse().ok()),
            action: get("act").and_then(Action::from_name).filter(|action| action.concerns_users()),
            page: get("page").and_then(|page| page.parse().ok()).unwrap_or_default(),
        }
    }

    /// The query of the address that asks the same; empty for the plain history.
    #[must_use]
    pub fn to_query(&self) -> String {
        let mut query = Serializer::new(String::new());
        let mut add = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        };
        add("user", self.user.as_deref());
        add("key", self.key.map(|key| key.to_string()).as_deref());
        add("act", self.action.map(Action::name));
        add("page", (self.page > 1).then(|| self.page.to_string()).as_deref());
        query.finish()
    }

    /// Whether all lines are wanted.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.user.is_none() && self.key.is_none() && self.action.is_none()
    }
}

/// As much of a name as one can have, without the spaces at which it was cut.
fn cut(name: &str) -> String {
    let cut: String = name.chars().take(Username::LIMIT).collect();
    cut.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "019b2f1c-0000-7000-8000-0123456789ab";

    #[test]
    fn an_address_is_read_part_by_part() {
        let query = format!("user=+branch&key={KEY}&act=key_deleted&page=3");
        let read = HistoryQuery::parse(&query);
        assert_eq!((read.user.as_deref(), read.page), (Some("branch"), 3));
        assert_eq!(read.key.map(|key| key.to_string()).as_deref(), Some(KEY));
        assert_eq!(read.action, Some(Action::KeyDeleted));
        assert!(!read.is_open());
        assert_eq!(read.to_query(), format!("user=branch&key={KEY}&act=key_deleted&page=3"));
    }

    #[test]
    fn what_cannot_be_read_stands_for_its_default() {
        for odd in [
            "",
            "?",
            "user=&key=&act=&page=",
            "user=++&key=1&act=KEY_DELETED&page=-1",
            "key=00000000-0000-0000-0000-00000000000g&act=gateway_added&page=99999999999",
            "user&key&act&page&&=&==",
        ] {
            assert_eq!(HistoryQuery::parse(odd), HistoryQuery::default(), "{odd:?}");
        }
        let long = format!("user={}+b", "a".repeat(Username::LIMIT - 1));
        assert_eq!(HistoryQuery::parse(&long).user.map(|name| name.len()), Some(Username::LIMIT - 1));
        assert_eq!(HistoryQuery::default().to_query(), "");
        assert!(HistoryQuery { page: 7, ..HistoryQuery::default() }.is_open());
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_written_so_that_it_reads_the_same(query in ".{0,300}", name in ".{0,80}") {
            for query in [query, Serializer::new(String::new()).append_pair("user", &name).finish()] {
                let read = HistoryQuery::parse(&query);
                let written = read.to_query();
                prop_assert!(written.is_ascii() && !written.contains(['\r', '\n', ' ', '"', '<', '#']));
                let again = HistoryQuery::parse(&written);
                prop_assert_eq!(again.page.max(1), read.page.max(1));
                prop_assert_eq!(HistoryQuery { page: 0, ..again }, HistoryQuery { page: 0, ..read });
            }
        }
    }
}
