//! Enums whose variants have public names.

/// Declares an enum with the names of its variants. `ALL`, `name` and `from_name` are made from the one list, so none of
/// them can miss a variant.
#[macro_export]
macro_rules! named {
    ($(#[$meta:meta])* pub enum $Enum:ident {
        $($(#[$variant_meta:meta])* $Variant:ident $(= $number:literal)? => $name:literal,)+
    }) => {
        $(#[$meta])*
        pub enum $Enum {
            $($(#[$variant_meta])* $Variant $(= $number)?,)+
        }

        impl $Enum {
            /// All variants, in the order of their declaration.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$Variant),+];

            /// The public name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$Variant => $name,)+
                }
            }

            /// The variant with that name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.name() == name)
            }
        }
    };
}
