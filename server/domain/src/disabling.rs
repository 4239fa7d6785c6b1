//! Which of the operator and the owner of an account may disable and enable a user.

/// Whether a user is disabled, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disabling {
    /// The user is enabled.
    Enabled,
    /// The owner of their account disabled them.
    ByOwner,
    /// The operator disabled them.
    ByOperator,
}

impl Disabling {
    /// What it becomes; `None` if it may not: what the operator has disabled, only the operator changes.
    #[must_use]
    pub fn change(self, disable: bool, is_operator: bool) -> Option<Self> {
        match (self, is_operator) {
            (Self::ByOperator, false) => None,
            _ if !disable => Some(Self::Enabled),
            (_, true) => Some(Self::ByOperator),
            (_, false) => Some(Self::ByOwner),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Disabling::{ByOperator, ByOwner, Enabled};
    use rstest::rstest;

    #[rstest]
    #[case(Enabled, true, false, Some(ByOwner))]
    #[case(Enabled, true, true, Some(ByOperator))]
    #[case(ByOwner, true, true, Some(ByOperator))]
    #[case(ByOwner, false, false, Some(Enabled))]
    #[case(ByOwner, false, true, Some(Enabled))]
    #[case(ByOperator, false, true, Some(Enabled))]
    #[case(ByOperator, false, false, None)]
    #[case(ByOperator, true, false, None)]
    fn an_owner_never_overrides_the_operator(
        #[case] now: Disabling,
        #[case] disable: bool,
        #[case] is_operator: bool,
        #[case] expected: Option<Disabling>,
    ) {
        assert_eq!(now.change(disable, is_operator), expected);
    }
}
