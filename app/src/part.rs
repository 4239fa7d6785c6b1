//! A view that has forgotten its type.
//!
//! Every type of view brings its own code for building, hydrating and changing it, and whatever
//! holds a typed view brings that code once more. A [`Part`] is the border: what holds it is
//! compiled once for all of them. In the browser it stands in for [`AnyView`], which would also
//! bring the code that hydrates lazily loaded pages, for every type again; there are none here.
//! It saves 56 kB of WASM after brotli (docs/decisions.md). It relies on traits that Leptos may change in any release, so
//! `leptos` is pinned to one version; end2end/tests/part.live.spec.ts says whether a new one still fits.

use leptos::children::ToChildren;
use leptos::prelude::*;

#[cfg(not(feature = "ssr"))]
pub(crate) use browser::Part;

/// A view of any type.
#[cfg(feature = "ssr")]
pub(crate) type Part = AnyView;

/// What can become a [`Part`].
pub(crate) trait IntoPart {
    /// Forgets the type.
    fn part(self) -> Part;
}

#[cfg(feature = "ssr")]
impl<T: IntoView + 'static> IntoPart for T {
    fn part(self) -> Part {
        self.into_any()
    }
}

#[cfg(not(feature = "ssr"))]
impl<T: IntoView + 'static> IntoPart for T {
    fn part(self) -> Part {
        Part::new(self)
    }
}

/// The children of a component, as a [`Part`].
pub(crate) struct Inside(pub(crate) Part);

impl<F, V> ToChildren<F> for Inside
where
    F: FnOnce() -> V,
    V: IntoView + 'static,
{
    fn to_children(children: F) -> Self {
        Self(children().part())
    }
}

#[cfg(not(feature = "ssr"))]
mod browser {
    use std::any::{Any, TypeId};

    use leptos::attr::Attribute;
    use leptos::attr::any_attribute::AnyAttribute;
    use leptos::prelude::*;
    use leptos::tachys::hydration::Cursor;
    use leptos::tachys::renderer::Rndr;
    use leptos::tachys::renderer::types::{Element, Node, Placeholder};
    use leptos::tachys::view::{Position, PositionState};

    /// A view of any type.
    pub(crate) struct Part(Box<dyn Shape>);

    impl Part {
        pub(super) fn new(view: impl IntoView + 'static) -> Self {
            Self(Box::new(view))
        }
    }

    /// What a [`Part`] left in the page.
    pub(crate) struct PartState {
        kind: TypeId,
        state: Box<dyn State>,
        placeholder: Option<Placeholder>,
    }

    /// [`Mountable`] without the list of elements, which only attributes that are passed on need.
    trait State: Any {
        fn leave(&mut self);
        fn enter(&mut self, parent: &Element, marker: Option<&Node>);
        fn put_before(&self, child: &mut dyn Mountable) -> bool;
    }

    impl<T: Mountable + Any> State for T {
        fn leave(&mut self) {
            self.unmount();
        }

        fn enter(&mut self, parent: &Element, marker: Option<&Node>) {
            self.mount(parent, marker);
        }

        fn put_before(&self, child: &mut dyn Mountable) -> bool {
            self.insert_before_this(child)
        }
    }

    trait Shape: Send {
        fn create(self: Box<Self>) -> PartState;
        fn adopt(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> PartState;
        fn update(self: Box<Self>, state: &mut PartState);
    }

    impl<T: IntoView + 'static> Shape for T {
        fn create(self: Box<Self>) -> PartState {
            let state = Box::new((*self).build());
            let placeholder = (!T::EXISTS).then(Rndr::create_placeholder);
            PartState { kind: TypeId::of::<T>(), state, placeholder }
        }

        fn adopt(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> PartState {
            let state = Box::new((*self).hydrate::<true>(cursor, position));
            let placeholder = (!T::EXISTS).then(|| cursor.next_placeholder(position));
            PartState { kind: TypeId::of::<T>(), state, placeholder }
        }

        fn update(self: Box<Self>, state: &mut PartState) {
            // The same state does not mean the same view, so the view's own type is asked for first.
            if state.kind == TypeId::of::<T>() {
                let known: &mut dyn Any = &mut *state.state;
                if let Some(known) = known.downcast_mut() {
                    (*self).rebuild(known);
                    return;
                }
            }
            state.replace(self.create());
        }
    }

    impl PartState {
        fn replace(&mut self, mut new: Self) {
            self.insert_before_this(&mut new);
            self.unmount();
            *self = new;
        }
    }

    impl Render for Part {
        type State = PartState;

        fn build(self) -> PartState {
            self.0.create()
        }

        fn rebuild(self, state: &mut PartState) {
            self.0.update(state);
        }
    }

    impl RenderHtml for Part {
        type AsyncOutput = Self;
        type Owned = Self;

        const MIN_LENGTH: usize = 0;

        fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> PartState {
            self.0.adopt(cursor, position)
        }

        fn into_owned(self) -> Self {
            self
        }

        // The rest writes HTML, which only the server does.
        fn dry_resolve(&mut self) {}

        async fn resolve(self) -> Self {
            self
        }

        fn to_html_with_buf(self, _: &mut String, _: &mut Position, _: bool, _: bool, _: Vec<AnyAttribute>) {}
    }

    impl AddAnyAttr for Part {
        type Output<Attr: Attribute> = Self;

        /// No component here passes attributes on to another one.
        fn add_any_attr<Attr: Attribute>(self, _: Attr) -> Self {
            self
        }
    }

    impl Mountable for PartState {
        fn unmount(&mut self) {
            self.state.leave();
            if let Some(placeholder) = &mut self.placeholder {
                placeholder.unmount();
            }
        }

        fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
            self.state.enter(parent, marker);
            if let Some(placeholder) = &mut self.placeholder {
                placeholder.mount(parent, marker);
            }
        }

        fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
            self.state.put_before(child)
                || self.placeholder.as_ref().is_some_and(|placeholder| placeholder.insert_before_this(child))
        }

        fn elements(&self) -> Vec<Element> {
            Vec::new()
        }
    }
}
