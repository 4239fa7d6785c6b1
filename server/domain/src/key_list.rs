//! The list of keys: which keys a question wants, in which order, and the address that asks it.

mod address;
mod rule;
mod text;

pub use address::{pairs_of, query_of};
pub use rule::{ListFacts, Rank, UserFit};
pub use text::{SearchText, Shown, fold};

use contract::{KeyType, named};

/// The most records of an order or a filter that pages lead to, and that are counted one by one. An account with more of
/// them narrows its question.
pub const MOST_FOUND: usize = 10_000;

/// What one page of the list shows. Each part has a default, which stands for whatever cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyListQuery {
    /// The page, from 1; 0 stands for the first one.
    pub page: u32,
    /// How many records it has.
    pub size: PageSize,
    /// Which keys are wanted.
    pub filter: ListFilter,
    /// In which order.
    pub order: Order,
}

/// Which keys are wanted; nothing: any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// What was typed to look for.
    pub text: Option<SearchText>,
    /// Of which kind.
    pub key_type: Option<KeyType>,
    /// Whose.
    pub username: Option<String>,
    /// In which state.
    pub state: Option<ListState>,
}

impl ListFilter {
    /// Whether it wants all keys.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }
}

/// How many records a page has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PageSize {
    /// As the guides show it.
    #[default]
    Twenty = 20,
    /// For a wide screen.
    Fifty = 50,
    /// The most.
    Hundred = 100,
}

impl PageSize {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Twenty, Self::Fifty, Self::Hundred];
}

named! {
    /// A state that the list can be filtered by. They overlap: a paused key may also be unused.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum ListState {
        /// The key passes.
        Active => "active",
        /// Its user paused it.
        Paused => "paused",
        /// Its time is over.
        Expired => "expired",
        /// It was never used.
        Unused => "unused",
        /// Its user was told lately that it was refused.
        Refused => "refused",
        /// The token before the present one passes too.
        Rotating => "rotating",
        /// Programs may manage keys with it.
        ManagesKeys => "manages-keys",
    }
}

impl ListState {
    /// Whether the store knows which keys are in it, and the index in memory does not.
    #[must_use]
    pub fn is_marked(self) -> bool {
        matches!(self, Self::Refused | Self::Rotating | Self::ManagesKeys)
    }
}

named! {
    /// What the list can be ordered by.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Column {
        /// When the key was generated.
        Created => "created",
        /// The name of its user.
        Username => "username",
        /// The customer's words.
        Description => "description",
        /// Its kind.
        Type => "type",
        /// What the list shows of its token.
        Key => "key",
        /// The last accepted use.
        LastUsed => "last_used",
        /// Accepted uses.
        TimesUsed => "times_used",
        /// The address of the first accepted use.
        LockedOnIp => "locked_on_ip",
    }
}

/// An order of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub column: Column,
    /// Whether the greatest comes first.
    pub descending: bool,
}

impl Default for Order {
    /// Newest first.
    fn default() -> Self {
        Self { column: Column::Created, descending: true }
    }
}

impl Order {
    /// The order that a click on the head of a column asks for: the other way where the list is ordered by it already.
    /// Times and counts begin with the greatest, as that is what people look for.
    #[must_use]
    pub fn toggled(self, column: Column) -> Self {
        let first = matches!(column, Column::Created | Column::LastUsed | Column::TimesUsed);
        Self { column, descending: if self.column == column { !self.descending } else { first } }
    }
}

/// How many records were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// So many.
    Exact(usize),
    /// More than are counted ([`MOST_FOUND`]).
    More,
}

impl Total {
    /// How many of them pages lead to.
    #[must_use]
    pub fn reached(self) -> usize {
        match self {
            Self::Exact(count) => count,
            Self::More => MOST_FOUND,
        }
    }
}
