//! What the databases hold after a fault.

use super::told::{Promise, ToldKey};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use uuid::Uuid;

/// The two databases, looked at beside the server.
pub(super) struct Counts(Connection);

impl Counts {
    pub(super) fn open(dir: &Path) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let connection = Connection::open_with_flags(dir.join("latchkey.db"), flags).unwrap();
        let usage = dir.join("usage.db").display().to_string();
        connection.execute("ATTACH DATABASE ? AS usage", [usage]).unwrap();
        for schema in ["main", "usage"] {
            let check = format!("PRAGMA {schema}.integrity_check");
            let found: String = connection.query_row(&check, [], |r| r.get(0)).unwrap();
            assert_eq!(found, "ok", "{schema}");
            let check = format!("PRAGMA {schema}.foreign_key_check");
            assert!(!connection.prepare(&check).unwrap().exists([]).unwrap(), "{schema}");
        }
        Self(connection)
    }

    fn number(&self, sql: &str, id: &[u8]) -> u64 {
        let sql = format!("SELECT coalesce(sum({sql} AND key_no = (SELECT no FROM keys WHERE id = ?)");
        self.0.query_row(&sql, [id], |r| r.get(0)).unwrap()
    }

    pub(super) fn check(&self, key: &ToldKey, promise: Promise) {
        let id = Uuid::parse_str(&key.id).unwrap();
        let id = id.as_bytes();
        let uses = self.number("times_used), 0) FROM totals WHERE true", id);
        let least = if promise.uses { key.valid } else { 0 };
        let most = key.asked;
        assert!((least..=most).contains(&uses), "{}: {least} <= {uses} <= {most} uses", key.id);
        for (what, sql) in [
            ("hours", "count), 0) FROM hourly WHERE code = 0"),
            ("addresses", "count), 0) FROM addresses WHERE true"),
        ] {
            assert_eq!(self.number(sql, id), uses, "{}: {what}", key.id);
        }
        let refused = self.number("count), 0) FROM hourly WHERE code <> 0", id);
        let due = key.refused.len() as u64;
        assert!((due..=most).contains(&refused), "{}: {due} <= {refused} <= {most} refused", key.id);
    }

    pub(super) fn audit(&self, actor: &str, action: &str) -> u64 {
        let sql = "SELECT count(*) FROM audit WHERE actor = ? AND action = ?";
        self.0.query_row(sql, [actor, action], |r| r.get(0)).unwrap()
    }
}
