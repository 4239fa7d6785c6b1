//! What the page shows. Sentences are those of the document, in English.

/// The whole of it.
pub struct ApiGuide {
    /// What the API is for.
    pub about: String,
    /// The operations, by what they are about.
    pub groups: Vec<GuideGroup>,
    /// What goes over the wire, by name.
    pub records: Vec<GuideRecord>,
}

/// Operations about one thing.
pub struct GuideGroup {
    /// The thing, as the document names it.
    pub name: String,
    /// What they do.
    pub about: String,
    /// The operations.
    pub operations: Vec<GuideOperation>,
}

/// One operation.
pub struct GuideOperation {
    /// Its name, which stays.
    pub id: String,
    /// Its method, in capitals.
    pub method: String,
    /// Its path.
    pub path: String,
    /// What it does.
    pub summary: String,
    /// What else has to be known.
    pub description: Option<String>,
    /// The line of a shell that calls it.
    pub curl: String,
    /// What it takes in path, query and headers.
    pub parameters: Vec<GuideField>,
    /// The record that it takes as its body.
    pub body: Option<String>,
    /// What it answers when it is done.
    pub answers: Vec<GuideAnswer>,
    /// What it answers in vain.
    pub errors: Vec<GuideAnswer>,
}

/// One answer of an operation.
pub struct GuideAnswer {
    /// Its status.
    pub status: String,
    /// What it means.
    pub about: String,
    /// The records that it may be.
    pub records: Vec<String>,
}

/// One kind of object.
pub struct GuideRecord {
    /// Its name.
    pub name: String,
    /// What it is.
    pub about: String,
    /// Its members.
    pub fields: Vec<GuideField>,
}

/// One parameter, or one member of an object.
pub struct GuideField {
    /// Its name.
    pub name: String,
    /// What it means.
    pub about: String,
    /// Whether it has to be there.
    pub required: bool,
    /// What it may be.
    pub kind: GuideKind,
}

/// What a value may be.
pub enum GuideKind {
    /// Any text.
    Text,
    /// A time as RFC 3339 has it.
    Time,
    /// A whole number.
    Number,
    /// True or false.
    Flag,
    /// One of these.
    OneOf(Vec<String>),
    /// A list of a record.
    ListOf(String),
    /// Anything else.
    Other,
}
