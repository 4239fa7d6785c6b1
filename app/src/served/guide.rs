//! `/docs/api`: the management API as people read it. The server makes it of the OpenAPI document.

mod record;
mod said;
mod view;

pub use record::{ApiGuide, GuideAnswer, GuideField, GuideGroup, GuideKind, GuideOperation, GuideRecord};
pub use said::romanian;
pub(crate) use view::guide_page;
