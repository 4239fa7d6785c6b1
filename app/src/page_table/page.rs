//! What the server knows of a page.

use leptos::prelude::*;

use super::{PAGES, Title};
use crate::part::Part;

/// Those who may see a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenBy {
    /// Everybody.
    Anybody,
    /// Users who are logged in; others are led to the login.
    Users,
    /// Users who gave the right password, and whose login waits for what is done on this page.
    Unfinished,
    /// Everybody, while the first account is to be made.
    Setup,
}

/// Which forms post to a page's path, by the names of their server functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forms {
    /// None.
    None,
    /// One, which needs no name.
    One(&'static str),
    /// Several, which `?do=` tells apart.
    Named(&'static [&'static str]),
    /// One that needs no name, and several that have one.
    OneOrNamed(&'static str, &'static [&'static str]),
}

impl Forms {
    /// Returns the form that a post with this name (`?do=`, or nothing) is for.
    #[must_use]
    pub fn find(self, name: &str) -> Option<&'static str> {
        let named = |names: &'static [&'static str]| names.iter().copied().find(|found| *found == name);
        match self {
            Self::None => None,
            Self::One(only) => Some(only),
            Self::Named(names) => named(names),
            Self::OneOrNamed(first, _) if name.is_empty() => Some(first),
            Self::OneOrNamed(_, names) => named(names),
        }
    }

    /// Returns all of them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let (first, names): (_, &'static [_]) = match self {
            Self::None => (None, &[]),
            Self::One(only) => (Some(only), &[]),
            Self::Named(names) => (None, names),
            Self::OneOrNamed(first, names) => (Some(first), names),
        };
        first.into_iter().chain(names.iter().copied())
    }
}

/// A page.
pub struct Page {
    /// Its path; a step that begins with `:` stands for any one.
    pub path: &'static str,
    /// Those who may see it.
    pub seen_by: SeenBy,
    /// Its forms.
    pub forms: Forms,
    title: Title,
    /// Makes a served page; a lively one has none, because the router makes it.
    served: Option<fn() -> Part>,
}

impl Page {
    pub(super) const fn lively(path: &'static str, title: Title) -> Self {
        Self { path, seen_by: SeenBy::Users, forms: Forms::None, title, served: None }
    }

    pub(super) const fn served(
        path: &'static str,
        title: Title,
        seen_by: SeenBy,
        make: fn() -> Part,
    ) -> Self {
        Self { path, seen_by, forms: Forms::None, title, served: Some(make) }
    }

    pub(super) const fn with(self, forms: Forms) -> Self {
        Self { forms, ..self }
    }

    /// Returns the page at a path, if there is one; a step that is written out goes before one that stands for any.
    #[must_use]
    pub fn find(path: &str) -> Option<&'static Self> {
        let written = PAGES.iter().find(|page| page.path == path);
        written.or_else(|| PAGES.iter().find(|page| page.is_at(path)))
    }

    /// Whether the server alone knows it.
    #[must_use]
    pub fn is_served(&self) -> bool {
        self.served.is_some()
    }

    /// Returns its title in the language of the page; a page that is named after what it shows has none.
    #[must_use]
    pub fn title(&self) -> Option<&'static str> {
        self.title.text()
    }

    /// Returns its path with each step that stands for any one as `write` writes it.
    pub fn path_with(&self, write: impl Fn(&str) -> String) -> String {
        let steps = self.path.split('/');
        let steps: Vec<_> =
            steps.map(|step| step.strip_prefix(':').map_or_else(|| step.to_owned(), &write)).collect();
        steps.join("/")
    }

    /// Makes it, if the server alone knows it.
    pub(crate) fn serve(&self) -> Option<Part> {
        let make = self.served?;
        provide_context(self.title);
        Some(make())
    }

    fn is_at(&self, path: &str) -> bool {
        let (own, asked) = (steps(self.path), steps(path));
        own.len() == asked.len()
            && own
                .iter()
                .zip(&asked)
                .all(|(own, asked)| own == asked || own.starts_with(':') && !asked.is_empty())
    }
}

fn steps(path: &str) -> Vec<&str> {
    path.trim_matches('/').split('/').collect()
}
